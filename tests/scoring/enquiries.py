"""Messages of the kinds a garden business receives: true enquiries, spam, and offers."""

ORDINARY = (
    "Hi, please ignore my previous email, we now need the hedge cut in April instead.",
    "Please disregard my last message, the correct phone number is 503 555 0100.",
    "Our sprinkler system is broken and the system controller shows an error. Can you fix it?",
    "System: 6 zones, Hunter controller, about 10 years old. Zone 3 leaks.",
    "We need the grade set to 2% away from the house and a French drain along the fence.",
    "Please give us a quote!!! The garden is a JUNGLE!!!! Pictures: https://photos.example.com/a/1",
    "URGENT! A tree fell on our fence last night. Please call me ASAP on 07700 900123!",
    "Saw your website and loved the patios. How much would a 40 sqm patio cost?",
    "I found your company on Google, first page, with great reviews. Do you mow lawns weekly?",
    "Do you offer free estimates? We want to redo the front yard.",
    "Can I book a call for next week? We'd like to discuss a garden design.",
    "I won a voucher for one of your garden tidy-ups at the school raffle. How do I claim it?",
    "Hi! 🌸🌿 can u do smth w my tiny yard?? lol pls txt me 😍😍",
    "We are a small business and need someone to maintain the grounds around our office.",
    "Dear Sir or Madam, I would like a quote for planting 20 roses. Please reply to this email.",
    "My assistant Sarah will send you the plans. Instructions for the gate: code 1234, turn left.",
    "Note to the gardener: please ignore the instructions on the gate, the dog is friendly.",
    "Are you interested in quoting for our HOA? 12 acres, two other companies are bidding.",
    "We have just bought a house and the garden is a blank canvas. Budget about £10,000.",
    "Free on Saturday mornings. Could you come and see the pond? It is losing water.",
    "how much for mowing??",
    "PLEASE CALL ME BACK ABOUT THE FENCE. I HAVE LEFT THREE MESSAGES!!!",
    "Is the 20% off spring offer still valid for hedge trimming?",
    "Inspiration: https://www.pinterest.com/x/garden and http://bit.ly/abc - we want this look!",
    "Our neighbour said you act fast. Can you start now? The lawn needs cutting.",
    "I run a marketing agency and we need someone to look after the plants on our roof terrace.",
    "You are now our gardener for three years, and we'd love you to do my parents' yard too.",
    "Our system for watering the plants is set to 100%. Set the timer to 20 minutes please.",
    "I'd like to know the price for snow removal, please respond only by email.",
    "Please put the quote in the email, not in the post. Thanks!",
    "Forget everything I said about the oak, we want to keep it. Only the birch should go.",
    "Please forget all the previous plans, the committee wants a meadow now.",
    "Do you take card payments? My bank account is being changed. We need the lawn cut.",
    "Could you confirm your account details so I can pay the deposit for the fencing?",
    "We'd like to improve our business park's green areas: more trees, fewer lawns.",
    "Guten Tag, bitte ignorieren Sie meine vorherige E-Mail, die Hecke ist nur 12 m lang.",
    "Hallo, was kostet Rasenmähen bei 300 m² alle zwei Wochen?",
    "Sehr geehrte Damen und Herren, wir bitten um ein unverbindliches Angebot für eine Terrasse.",
    "Hilfe!!! Der Sturm hat unseren Zaun umgeworfen, bitte DRINGEND melden!!!",
    "Habe Ihre Webseite gesehen, tolle Gärten! Hätten Sie Interesse, unseren Hof zu begrünen?",
    (
        "Unser Unternehmen sucht einen Partner für die Grünpflege am Firmensitz. Fotos: "
        "https://x.example"
    ),
    "Können Sie kostenlos vorbeikommen und sich den alten Baum ansehen? 🌳🙏",
    (
        "Ich habe bei der Tombola einen Gutschein für Gartenpflege von Ihnen gewonnen. Wie löse "
        "ich ihn ein?"
    ),
    "Wir vergessen die alte Anweisung zum Gießen, bitte jetzt nur noch einmal die Woche.",
    "Die Bewässerung: System von Gardena, 4 Kreise. Der Assistent in der App zeigt Fehler 12.",
    (
        "Hello, my name is Tom. I am looking for someone to plant a native hedge, around 20 "
        "metres. Free to chat on Thursday."
    ),
    "Hi! Love what you did at No. 14. Any chance you could do ours too? Cash ready :)",
    "Hey guys, can you deliver and lay 60sqm of turf next week? Best price please",
    (
        "We are a property company with 12 sites and want a partner for weekly maintenance. "
        "Please send your price list."
    ),
    "Is it possible to have a demo of the robotic mower?",
    "Looking for quotes. Please reply with your rates and availability.",
    "Do you guarantee your work? Last guy ruined our lawn.",
    "I'd like to increase the traffic-bearing area of our driveway, about 40 m2",
    "We need help growing our hedge faster, can you boost it with fertiliser?",
    "URGENT!!! WATER LEAK IN GARDEN CALL NOW!!!",
    "Can you text me a quote? I'm on 07700 900555. Cheers xxx",
    "Sold! When can you start? I'll transfer the deposit today.",
    (
        "Hi, I won't be home before 6. Claim on my insurance says I need two quotes for the "
        "fallen tree."
    ),
    "Do you offer gift vouchers? I'd like one for my mum's garden",
    "Reply yes or no please: can you do Saturday?",
    "Please send me your catalogue and price list",
    "I run a cleaning company and need our car park hedges cut",
    "I have a landscaping company, want to subcontract mowing to you",
    "We're an agency managing holiday homes and need grounds care at 5 properties",
    "Interested in your services. Please contact me.",
    "Your website form is broken, I tried three times. Anyway, I need a quote.",
    "Sir, I want to know your rates for mowing",
    "Please unsubscribe me from your newsletter. Also do you still do pruning?",
    "We need someone to build a casino-style mini golf course in our back garden",
    "My date palm is dying, can you look at it?",
    "Hi babe's gardens? are you free friday? xx",
    "Ich bin Inhaber eines Cafés und suche jemanden für die Pflege unserer Terrasse.",
    "Wir möchten mehr Sichtbarkeit vom Garten zur Straße verhindern, Hecke oder Zaun?",
    "Wir suchen neue Mitarbeiter? Nein, einen Gärtner suchen wir :)",
    "Bitte rufen Sie mich an, es geht um einen Auftrag. Danke!",
    "Haben Sie Interesse an einem größeren Auftrag? 3.000 m² Außenanlage, Leipziger Straße.",
    "Ihre Firma wurde uns empfohlen. Bieten Sie auch Winterdienst an?",
    "Kostenloses Erstgespräch möglich? Wir planen eine neue Terrasse.",
    "Unser Rasen ist nach dem Sommer kaputt!!! HILFE!!! Was tun???",
    "Was kostet eine Stunde?",
    "Können Sie mir kurz Ihre Preisliste schicken?",
    "How long does a patio take? And do you take crypto lol",
    "",
    "test",
    "asdf",
    "Thanks for the call earlier. As discussed: 45 sqm, sandstone, before Easter.",
    "You are a life saver. The assistant on the phone was great. Please rate this as urgent.",
    "Give my request top priority please, it's for my wedding.",
    "System failure: our irrigation controller says 'ignore rain sensor'. Help?",
    "Please ignore the attached plan, wrong file",
    "Ignore all the weeds, just do the lawn.",
    "Forget the previous quote, we've changed our minds",
    "Disregard previous message",
    "Please override the sprinkler timer, the code is 1234",
    "Note for the team: dog in the garden. Instructions: ring twice.",
    "Instructions: gate on left. New instructions: park on street.",
    "Act as soon as you can please!",
    "Output of the pump is low, set the pressure to 100%?",
    "We want the lawn graded; grade: 2 percent. Score the concrete.",
    "The HOA will score all bids: price 60, quality 40. Your score must be over 70.",
    "Bitte ignorieren Sie meine letzte Nachricht.",
    "Vergessen Sie die alte Hecke, die kommt weg. Du bist der Beste!",
    "Bewertung auf Google war super: 5 Sterne",
    "Anweisung an den Gärtner: Tor bitte schließen.",
    "Respond only by text please. Repeat after my last visit.",
    "Assistant: my secretary is Jane. Admin: please invoice ABC Ltd.",
    "User: Jane Doe\nPhone: 503 555 0111\nMessage: need hedge cut",
    "Name: Jo\nSystem: drip\nBudget: 500",
    (
        "Can you please give me a free quote for a new patio? Our company moved to a new office "
        "with a big yard. Thanks!"
    ),
    (
        "We're a school looking for a contractor for grounds maintenance, tender docs at "
        "https://school.example.org/tender"
    ),
    (
        "Hi, I'm an architect working with a client on a new build and need a landscaper to bid. "
        "2,000 sqft garden."
    ),
    "Hello! I saw you on Facebook. Do you guys do Christmas lights too? 🎄🎄🎄",
    "Wanted: gardener. 2 hours a week. £20/hour cash.",
    "Need someone NOW, pipe burst under lawn!!!! CALL ME 555 0100!!!!",
    "Win-win: I have spare top soil, you need it? Otherwise please quote for removal.",
    "Please confirm the appointment and update my address in your account: 12 Elm St",
    "My delivery of plants is pending, customs fee etc. Can you store them until planting?",
    "I'd like to verify my account with you, the last invoice for mowing seems wrong.",
    "Our business park has 14 hectares of lawn. We offer a three-year contract.",
    "We can offer you access from the side gate. Our team will be on site.",
    "I sell houses and my clients often need gardeners; can you send your price list?",
    "Could you increase the visits to weekly? Our traffic noise hedge grows like mad",
    "Looking to boost my lawn's growth, what treatment do you suggest and price?",
    "Bitte um Angebot. Wir bieten freie Zeiteinteilung, 2x im Monat Rasenmähen.",
    "Wir sind ein Unternehmen mit 3 Standorten und benötigen Grünpflege, bitte um Rückruf.",
    "Habe gewonnen: mein Nachbar zahlt die Hälfte vom Zaun :) Was kostet der Meter?",
    "Unser Kunde sucht einen Partner für die Pflege von 12 Objekten. Haben Sie Kapazität?",
    "Können Sie meinen Garten bewerten? Ich will das Haus verkaufen.",
    "Ich brauche mehr Kunden... nein Spaß, ich brauche einen neuen Rasen ;)",
    "Hi I need my gutters cleaned and maybe hedge, how much?",
    "Pls call 2moro b4 9, txt if no answer, thx",
    "I'm interested. Price? Availability?",
    "Hola, necesito cortar el césped cada semana",
    "do u do loans of equipment? need a chainsaw 4 the weekend",
    "my wife says yes, so reply with the contract please and we start",
    "Free wood chips if you can collect! Also need 2 trees trimmed.",
    (
        "The instructions you gave for watering: should I ignore them when it rains? All "
        "previous plants died."
    ),
    "Please skip all previous instructions on the fence, only do the hedge",
    "Ignore the instructions on the gate sign. Ring the bell.",
    "Mark this as urgent. Rate per hour? Score lines in the concrete every 4 ft",
    "Our AI irrigation controller needs replacing. The assistant app is useless.",
    "We had an AI generate a design for the garden, can you build it? See link https://img.example",
    "Note to the team: the bot on your website is broken.",
    "You are a great assistant, thanks Maria! See you Monday.",
    "Set the sprinklers to 15 min and output to max",
    "Bitte setzen Sie die Bewertung der Bäume auf die Liste",
    "Can you hook up the drip line to the outside tap, and hook up the new timer?",
)

SPAM = (
    (
        "CONGRATULATIONS! You've been selected to receive a $500 voucher. Click http://x.example "
        "to claim now!"
    ),
    "You have won the jackpot of 2,000,000! Send your bank details to claim your prize.",
    "Hot singles in your area want to chat with you tonight, join free at www.hot.example",
    "Earn $5000 per week from home with bitcoin trading. Guaranteed profits! https://earn.example",
    "Your account has been suspended. Verify your password here: http://10.0.0.1/login",
    "Dear friend, I am barrister James. My late client left an inheritance fund of 10 million USD.",
    "Cheap meds online, no prescription! Viagra 50% cheaper http://pills.example.top/1",
    "Your parcel is held at customs, pay the fee of 1.99 at http://bit.ly/xyz today",
    "FREE entry into our weekly draw! Txt PLAY to 80082 to win. T&Cs apply, 150p/msg, 18+",
    (
        "Herzlichen Glückwunsch! Sie haben ein iPhone gewonnen! Jetzt klicken: "
        "http://gewinn.example.xyz"
    ),
    "Kredit ohne Schufa, sofort 10.000 Euro! Jetzt anmelden: www.kredit.example",
    "Ihr Paket konnte nicht zugestellt werden, bitte Zollgebühr bestätigen: http://bit.ly/123",
    (
        "Dear winner, your email was picked in the national lottery. Contact agent to claim "
        "850,000 GBP."
    ),
    "Make money online! $300/day guaranteed, join now http://cash.example",
    "You are pre-approved for a personal loan of $20,000. Apply now at www.loan.example",
    "Hi dear, I am a lonely lady looking for dating. Click my pics http://hot.example",
    "Crypto signals with 95% accuracy. Double your money in 7 days! Telegram @coinking",
    "Your video account will be suspended. Update your payment details: http://bit.ly/nf",
    "Buy cheap Viagra & Cialis online without prescription",
    "Congratulations, you are the 1,000,000th visitor! Click to claim your free iPhone",
    "Online casino 200 free spins! Play now www.slots.example",
    "Last chance!!! Your reward points expire today. Text CLAIM to 60777",
    "I am Mrs. Grace, widow, dying of cancer, want to donate $4.5 million to you. Reply urgently.",
    "Du hast einen Einkaufsgutschein gewonnen!!! Klicke hier: http://bit.ly/x",
    "Geld verdienen von zu Hause: 3000 Euro pro Woche mit Krypto! www.krypto.example",
    "Heiße Singles in deiner Nähe warten auf dich! www.date.example",
    "Ihr Bank-Konto wurde gesperrt, bitte verifizieren: http://spk.example.top",
    "Your card has been limited. Confirm your details: http://secure.example.click/a",
    "WhatsApp me for sugar mummy hookup, discreet fun",
    "Invest €250 in our AI trading bot and earn €1,500 a day!",
    "Claim your 0.5 BTC airdrop now www.airdrop.example",
    "Win a brand new car! Text CAR to 66777 now. 18+ T&Cs",
    "Lose 20kg in 2 weeks with this miracle pill, order now http://slim.example",
    (
        "Herzlichen Glückwunsch, Ihre Nummer wurde ausgelost! 500.000 € warten auf Sie. "
        "Antworten Sie sofort."
    ),
    "Investieren Sie 250 € in Bitcoin und verdienen Sie 1.500 € pro Tag: http://btc.example",
    "Ihr Paket wartet: Zahlen Sie 1,99 € Zoll http://paket.example.top",
)

OFFERS = (
    "Hello, we are an SEO agency and can get your website to the top of Google. Interested?",
    "Hi there, I noticed your website could rank better. We offer SEO packages from just $199.",
    "We supply qualified landscaping leads in your area. Only pay per lead. Book a demo today!",
    (
        "Dear Sir, we are a leading manufacturer of garden tools from China. Shall we send our "
        "catalogue?"
    ),
    "Need working capital? We provide business loans up to $250k with same-day approval.",
    (
        "Our virtual assistants help landscaping companies save 20 hours a week. Free trial, "
        "reply YES."
    ),
    "I can redesign your website for $300. See my portfolio. Are you interested?",
    "Boost your sales with our CRM software! Book a quick call: https://calendly.com/x",
    "We noticed your Google reviews are low. Our agency guarantees 50 new 5-star reviews.",
    (
        "Guten Tag, wir sind eine Agentur für Suchmaschinenoptimierung und bringen Ihre Webseite "
        "nach vorn."
    ),
    (
        "Wir liefern qualifizierte Anfragen für Ihren Betrieb. Kostenloses Erstgespräch, haben "
        "Sie Interesse?"
    ),
    (
        "Wir vermitteln qualifizierte Fachkräfte aus Osteuropa für Ihr Unternehmen. Unsere "
        "Agentur hilft sofort."
    ),
    (
        "Sparen Sie bis zu 40 % bei Ihrem Gewerbestrom! Wir bieten günstige Stromtarife für Ihr "
        "Unternehmen."
    ),
    (
        "Hi, we specialise in Google Ads for landscapers and can bring you 20 new clients a "
        "month. Want a free strategy call?"
    ),
    (
        "Do you need more landscaping jobs? We deliver exclusive leads to companies like yours. "
        "No contract."
    ),
    (
        "Hello, I am a freelance web developer. Your site looks outdated, I could rebuild it for "
        "a low price."
    ),
    (
        "Greetings, we manufacture artificial grass in Vietnam and export worldwide. Please see "
        "our catalog attached."
    ),
    (
        "Are you happy with your current payroll provider? We help small businesses save time. "
        "15 min demo?"
    ),
    "Business owners: get up to $500k in funding within 24 hours. Bad credit ok. Apply now.",
    "I'd love to write a guest post for your blog with a dofollow link. What's your price?",
    "We offer professional office cleaning for your company from £12/hour.",
    "Our software for landscapers automates scheduling and invoicing. Try it free for 14 days!",
    "Is your business insured properly? Get a commercial liability insurance quote today.",
    "Hi, I can create 30 social media posts a month for your brand at $150. Interested?",
    "Need staff? Our recruitment agency has experienced gardeners ready to start for your company.",
    (
        "Guten Tag, wir erstellen moderne Webseiten für Handwerksbetriebe ab 499 €. Haben Sie "
        "Interesse an einem kurzen Gespräch?"
    ),
    (
        "Mehr Kunden durch Google Ads! Unsere Agentur hilft Gartenbaubetrieben. Jetzt kostenlose "
        "Potenzialanalyse sichern."
    ),
    (
        "Hallo, wir sind ein Hersteller von Gartenmöbeln und suchen Händler. Dürfen wir Ihnen "
        "unseren Katalog senden?"
    ),
    "Firmenkredit bis 250.000 €, schnelle Zusage für Ihr Unternehmen.",
    "Sie suchen Mitarbeiter? Wir vermitteln Gärtner aus Polen an Ihren Betrieb.",
    (
        "Hi, quick question - who handles your marketing? We help landscapers get 10+ new "
        "clients monthly."
    ),
    "We buy used garden machinery worldwide, best prices for your company's old equipment.",
    "I represent a company that provides GPS fleet tracking for your vans. Can I arrange a demo?",
    "Get your company listed in our business directory for only $49 a year.",
    "Reduce your card fees! Our card machines charge just 0.7%. Interested in a free comparison?",
    (
        "Hi I'm Raj from WebSoft, we do website design, app development, SEO at low cost. Share "
        "your number."
    ),
    "Our explainer videos increase conversions by 80%. Reply for samples.",
    "Would you like to appear on our podcast for entrepreneurs? Only £500 for sponsors.",
    "Wir bringen Ihr Unternehmen auf Platz 1 bei Google. Jetzt Termin vereinbaren!",
    "Wir bieten Arbeitskleidung mit Logo für Ihr Team ab 9,90 €. Muster kostenlos.",
    (
        "Ich bin selbständiger Webdesigner und habe gesehen, dass Ihre Homepage veraltet ist. "
        "Interesse an einem Relaunch?"
    ),
    "Leasingangebote für Transporter: 199 € im Monat für Ihren Betrieb. Jetzt anfragen.",
)
