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
)
