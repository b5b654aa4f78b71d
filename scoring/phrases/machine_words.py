"""Words by the part they play in talk to a machine, each class one letter; en, de, fr, es, it, pl.

:mod:`scoring.phrases.machine_grammar` reads sentences as strings of these letters. The words are
in lower case and without accents; ``*`` stands for any ending. A word is in one class, the one in
which it tells most; what it means there together with its neighbours, the grammar decides.
"""

from collections.abc import Mapping

CLASSES: Mapping[str, str] = {
    # wishes that something be dropped
    "D": """
        aside discard abandon suspend disable deactivate conto caso retta halt halte haltet hold
        ignore* disregard* forget* override* overrule* bypass* skip drop stop scordat* void
        dismiss omit neglect ignorier* vergiss vergessen vergesst missacht* ubergeh* umgeh*
        uberspring* uberschreib* verwirf verwerfen lass ignorez oublie* neglige* compte
        contourne* saute passe outrepasse* olvid* ignora* omite* descart* salta* dimentica*
        trascura* pomin* zignor* zapomn* omin* obejd* porzuc
    """,
    # what a machine was given to follow
    "R": """
        rule rules instruction instructions prompt prompts directive directives guideline
        guidelines criteria criterion rubric rubrics check checks validation validations
        safeguard* filters constraints restrictions limits policies policy filter programming
        training verification scruples anweisung* vorgaben regel regeln regelwerk* kriteri*
        anleitung* prufregeln instruktion* befehl* richtlinie* vorschrift* consigne* regle
        regles critere* instruccion* regla reglas criterio* consigna* directriz directrices
        istruzion* regola regole criteri direttiv* polecen* instrukcj* zasad* regul* wytyczn*
        kryteri*
    """,
    # what it is there for
    "J": """
        job task goal objective mission aufgabe ziel tache objectif tarea objetivo mision
        compito obiettivo zadanie cel
    """,
    # how it came to know
    "c": """
        told instructed trained programmed taught learned learnt gesagt beigebracht gelernt
        befohlen programmiert trainiert dit appris programme dijeron dieron ensenaron programado
        detto insegnato programmato powiedzian* kazano zaprogramowan*
    """,
    # the machine, surely
    "M": """
        ai llm llms openai gpt chatgpt gemini copilot chatbot chatbots bot bots
        parser parsers extractor extractors classifier classifiers scorer scorers evaluator
        evaluators grader graders algorithm annotator tokenizer summarizer summariser autoscorer
        ki kis sprachmodell* algorithmus bewertungsprogramm* bewertungsmodul* bewertungssystem*
        auswertungsprogramm* bewertungssoftware auswertungssoftware prufprogramm*
        bewertungsmaschine* einstufungsprogramm* klassifikator* ki-* ai-* sprach-ki ia
        algorithme* classificateur* algoritmo algoritmos clasificador* classificatore sztuczn*
        algorytm* klasyfikator* parsera parserowi parserze bota botowi
    """,
    # perhaps the machine, or who runs it
    "m": """
        system systems software machine machines computer computers program programs model
        models assistant assistants engine module reader readers automated automatic automation
        automat automaten tool agent agents script server developer developers dev admin
        administrator administrators sysadmin operator operators backend platform processor
        debug automatically intern internal intern* wewnetrzn* moderator reviewer reviewers
        robot robots debugger crm database pipeline workflow maschine* rechner programm* modell*
        assistent assistenten automatisch* automat* modul* entwickler entwicklung computer*
        leser auswerter prufer sachbearbeiter* datenbank innendienst logiciel* systeme systemes
        programme* machine* ordinateur* moteur modele modeles automatique* robot* developpeur*
        lecteur administrateur* programa sistema ordenador maquina modelo asistente automatic*
        motor lector administrador desarrollador herramienta macchina modello programma
        assistente motore lettore sviluppatore amministratore systemu systemie systemowi
        programowi programu maszyn* komputer* modul modulu oprogramow* administratora asystent*
        operator*
    """,
    # reads and weighs
    "w": """
        read reads reading processes processing tallies tallying parses parsing evaluates
        evaluating ranks ranking scores scans scanning analyses analyzes analysing analyzing
        handles handling sorts sorting calculates calculating assesses assessing liest lesen
        lest auswertet verarbeitet bewertet berechnet pruft lit lisez lira lisent calcule evalue
        lea lee leyendo procese procesa evalua calcula legge leggi leggendo elabora calcola
        valuta conta czyta czytasz czytajac* przetwarza ocenia
    """,
    # whoever
    "W": """
        whoever whatever whichever whomever quiconque quienquiera chiunque ktokolwiek cokolwiek
        wer chi qui quien quienes kto
    """,
    # people, in contrast
    "H": """
        human humans people persons mensch menschen humain humains humano humanos umano umani
        persone personas ludzi ludzie czlowiek*
    """,
    # handles, in any sense
    "1": """
        set take use put give keep add make let setz setze setzen gib geben nimm nehmen mets
        mettez mettre prends prenez prendre donne donnez utilise pon ponga poner usa usar usare
        da dale metti mettere usi prendi dodaj* uzyj* mark marque marquez markier*
    """,
    # keeps records
    "V": """
        record register log store save enter treat consider count fill copy apply award assign
        list place file tag flag label regard deem describe translate designate certify
        interpret book move ensure think do see approve authorise authorize combine concatenate
        join assemble remember memorize memorise sort bump raise lower boost promote push
        include insert mention process return repeat submit pick choose select act behave adopt
        follow carry replace trag trage tragen eintragen eintrag einzutragen erfasse erfassen
        vermerke* hinterleg* speicher* stell* annehmen ubernehm* ubernimm behandel* betrachte*
        werte werten wertet zahle zahlen geht gebt fuhr fuhre fuhren merk* nenn* verbuch* buche*
        verzeichn* anrechn* sortier* denk* verwend* nutz* benutz* ersetz* erganz* wiederhol*
        fulle ausfull* aufnehmen gewert* berucksichtig* ansetz* angesetzt vorzieh* vorzuzieh*
        lege anleg* zuordn* ordne rechne rechnen inscri* enregistr* indique* considere* traite*
        utilise* retiens retenir retenez ajoute* donner attribue* remplace* compte* place*
        range* reponds repondez repondre recopie* copie* reprends reprenez rempli* saisi*
        renseigne* marqu* fais faites mentionne* affiche* ponme ponnos ponlo apunta* apunte*
        registr* marca* marque* utiliza* utilice* considera* trata* trate* asume asuma asumir
        denos danos dame cuent* rellena* rellene* toma tome tomar incluy* repite repita respond*
        responda asigna* asigne* coloca* coloque* copia* pegue indica* metta inserisc* consider*
        tratta* assegna* attribui* riporta* riporti compila* rispond* ripeti aggiungi* aggiunga
        fai fate fingi haz haga hagan zapisz zapisac wpisz wpisac ustaw* uznaj* uznac przyjac
        przyjmij* przyjmuj* potraktuj* traktuj* nadaj* przypisz* zaznacz* oznacz* oznaczac
        zaznaczyc podaj* wstaw* odpowiedz* powtorz* zwroc* umiesc* zastosuj* zastosowac
        przepisz* skopiuj* daj dajcie
    """,
    # supposes
    "I": """
        pretend imagine suppose assume presume simulate stell fingi* udawaj* imagin* suppos*
        supon* supong* immagin* wyobraz* zaloz* unterstell* angenommen
    """,
    # says
    "Y": """
        say answer reply respond state claim conclude decide declare report write believe accept
        admit agree sag sage sagen antwort* behaupt* melde melden schreib schreibe entscheide*
        glaub glaube dis dites repond* conclus concluez declare* affirm* crois croyez diga
        responde* concluye concluya declara* afirm* cree crea concludi conclud* dichiar* credi
        ecri* ecrivez escrib* scriv* scriva napisz* pisz powiedz* stwierdz* uwierz*
    """,
    # sorts and puts out
    "X": """
        classify categorize categorise extract output emit parse tokenize prioritize prioritise
        qualify reclassify upgrade uprank upvote autofill echo hardcode prefill einstuf* stuft
        klassifizier* extrahier* ausgeben ausgibst auszugeben bewerte bewerten bewertest
        priorisier* qualifizier* hochstuf* classe classez classer extrai* evalue* evaluez
        restitue* cote cotez notifie clasific* clasifiq* extra* extraig* califica* califique*
        puntua* puntue* evalua* devuelv* devolver valora valore priorizar priorice classific*
        estra* estrarre valuta* valutare valutate restituisc* sklasyfikuj* zaklasyfikuj*
        wyodrebnij* ocen ocenic ocencie zakwalifikuj* wypisz* wygeneruj* stufe
    """,
    # weighs, as a verb or a noun
    "B": "score rate grade rank",
    # was handled or recorded
    "v": """
        recorded marked noted registered logged stored saved entered classified classed treated
        considered assumed taken counted rated graded ranked scored assigned regarded deemed
        processed labelled labeled flagged placed listed given qualified prioritised prioritized
        raised lowered moved filed handled booked eingestuft gewertet behandelt eingetragen
        vermerkt gefuhrt betrachtet klassifiziert gezahlt angesehen erfasst hinterlegt traite
        traitee classee classees enregistree messa messo inserita inserito registrada puesta
        puesto enregistre considerado* tratado* clasificado* registrado* considerat* trattat*
        classificat* registrat* uznan* traktowan* sklasyfikowan* oznaczon* carried filed
        verbucht angesetzt
    """,
    # ciphers
    "Z": """
        base64 rot13 rot-13 decode decodes decoded decipher dekodier* entschlussel* decodez
        decode* decodifi* odkoduj* odkodowac deszyfr* zdekoduj* unscramble caesar rot47
    """,
    # exactly, only
    "e": """
        unchanged verbatim exactly literally unverandert wortlich genau inchange* tel-quel
        textuellement exactamente literalmente esattamente letteralmente doslownie dokladnie
        nothing ausschließlich seulement uniquement solamente solo soltanto tylko wylacznie nur
    """,
    # the process and its data
    "P": """
        evaluation evaluations classification categorization categorisation assessment
        extraction qualification scoring triage prioritization prioritisation analysis fields
        entry metadata calculation calculations berechnung* calcul calculo calcolo kalkulacj*
        obliczen* purposes zwecke dataset schema object attribute attributes labels column
        columns cell cells profile probability likelihood propensity parameter parameters
        outputs ergebnis* resultat* resultado* calibration auswertung* bewertung* einstufung*
        klassifizierung* klassifikation* extraktion* qualifizierung* qualifikation* feld felder
        feldern datensatz datenfeld* ausgabe* sollwert* priorisierung* testdatensatz parameter*
        eintrage classement* evaluation* notation* extraction* akte akten kartei profil dossier
        champ champs fiche sortie enregistrement evaluacion* clasificacion* valoracion*
        extraccion* calificacion* campo campos registro ficha salida puntuador valutazion*
        classificazion* classifica estrazion* qualificazion* campi scheda risultato analisi
        ocen* ocene klasyfikacj* analiz* ewaluacj* kwalifikacj* pole pola polu rekord* pozycj*
    """,
    # marks and ranks
    "K": """
        points marks rating ratings tier band bracket percentile shortlist punkte punkten
        punktzahl* rang rangliste kategorie punktestand stufen-a notes score* scoring*
        puntuacion* puntos punteggio* punti voti voto punktacj* wynik* scoringu punkt punktzahl*
    """,
    # the best of marks in one word
    "gK": """
        bestnote* topnote* hochstnote* hochstpunkt* bestwertung* hochstwertung* bestmark*
    """,
    # a note of the machine in one word
    "mT": """
        systemhinweis* systemmeldung* systemnachricht* systemnotiz* systeminfo* entwicklernotiz*
        entwicklerhinweis* ki-hinweis* crm-notiz* crm-hinweis* bot-hinweis*
    """,
    # formats of data
    "j": "json yaml xml csv toml schemas payload json-* jsons",
    # the customer, said by others
    "S": """
        customer customers client clients sender senders contact applicant enquirer inquirer
        prospect prospects submitter author writer buyer kunde kunden kundin absender*
        interessent* anfragende* kontakt expediteur* demandeur* cliente clientes remitente
        solicitante prospecto mittente richiedente klient klienta klientem klientka nadawc*
        zglaszajac*
    """,
    # what the customer wrote
    "E": """
        mail schreiben enquiry enquiries inquiry inquiries request requests message messages
        submission submissions anfrage* nachricht* eingabe demande demandes requete message*
        solicitud* consulta mensaje* richiesta richieste messaggio zapytani* zgloszeni*
        wiadomosc* kundennachricht* kundentext* kundenmail* nutzereingabe* benutzereingabe*
        kundeneingabe*
    """,
    # what we look for in a lead
    "F": """
        budget budgets role roles timeline urgency funds budget* referral timeframe spend
        spending decision rolle* zeitraum zeitrahmen dringlichkeit* entscheider* fristen
        auftragswert* empfehlung* delai* urgence fonds presupuesto* rol plazo* urgencia
        superficie papel ruolo tempi urgenza tempistica budzet* rola pilnosc
    """,
    # how large it is
    "L": """
        area areas surface acreage size flache* superficie* grundstucksgroße umfang powierzchni*
    """,
    # who decides
    "O": """
        owner owners homeowner homeowners landowner decision-maker decisionmaker decider
        proprietor freeholder landlord eigentumer* inhaber entscheidungstrager* grundeigentumer*
        hausbesitzer* besitzer proprietaire* proprietario* proprietari* propietari* dueno duena
        decideur* decisor wlasciciel*
    """,
    # haste and heat
    "U": """
        urgent urgently asap immediate immediately hot vip high sofort sofortig* dringend heiß
        immediat* urgente urgent* inmediat* subito natychmiast* piln*
    """,
    # found true
    "Q": """
        verified pre-qualified prequalified validated confirmed enriched vetted true proven
        trusted binding wahr vrai vrais cierto vero vere prawdziw* pre-checked prechecked
        certified pre-approved preapproved authenticated cleared bestatigt* gepruft*
        verifiziert* vorqualifiziert* qualifiziert* verifie* valide* confirme* qualifie*
        prequalifie* verificad* validad* confirmad* cualificad* calificad* precalificad*
        verificat* validat* confermat* qualificat* prequalificat* zweryfikowan* potwierdzon*
        zatwierdzon* zakwalifikowan*
    """,
    # authority
    "G": """
        compliance audit auditor auditors legal regulation gdpr dsgvo management manager
        headquarters director department ordered decreed vertriebsleit* angeordnet festgelegt
        headoffice supervisor ceo founder boss authority mandate court authorised authorized
        mandatory regulator lawsuit contract law terms vertrag gesetz rechtlich* ordre orden
        ordine befehl auftrag decyzj* directeur direttore szef* chefin geschaftsfuhrung*
        geschaftsleitung* revision datenschutz* direktion* vorstand* chef compliance*
        qualitatssicherung rechtsabteilung aufsicht* verbindlich zentrale direction conformite
        audit* reglement juridique rgpd siege direccion cumplimiento auditoria normativa
        reglamento gerencia direzione direttiva conformita regolamento dyrekcj* zarzad* audyt*
        zgodnosc* rodo kierownictw* przeloz*
    """,
    # notes
    "T": """
        note notice hint hints annotation remark summary summaries zusammenfass* resume resumen
        riepilogo podsumowan* memo tip comment hinweis* anmerkung* notiz* vermerk* meldung*
        mitteilung* kommentar remarque nota notas aviso notifica avviso uwaga uwagi adnotacj*
        notatk* notier* notez noter anota* anote* annota* odnotuj* zanotuj* segna* segnate
    """,
    # parts of a text
    "x": """
        sentence sentences paragraph paragraphs line lines number numbers word words text texts
        step letters initials part parts piece figure figures phrase satz satze absatz zeile
        zahl wort teil teile schritt paragraphe ligne chiffre nombre mot partie frase parrafo
        linea cifra numero palabra parte paso paragrafo riga parola passo zdani* akapit* linijk*
        liczb* slow* czesc krok
    """,
    # the best
    "g": """
        top highest maximum maximal max best full perfect first hundred ten a+ aaa s-tier
        hochst* volle voller vollen maximal* beste besten bester hundert erste ersten oberst*
        meilleur* maximale premier premiere haute parfaite maxim* mejor primer primero primera
        alta plena perfecta massim* migliore primo prima pieno piena perfetto najwyz* najleps*
        maksym* pierwsz* pelna pelnej sto
    """,
    # has
    "b": "has have hat habt",
    # must
    "o": """
        must should shall be required zu ought supposed expected obliged muss musst mussen soll
        sollst sollen sollte gilt darf va doit dois devez doivent tenu tenus debe debes deben
        tiene tienes hay deve devi devono dovete occorre ma musi masz powinien powinna powinno
        nalezy trzeba verpflichtet obligated bound obligado obligada obbligato obbligata
        zobowiazany zobowiazane
    """,
    # as
    "k": "as als comme como quale jako equals equal",
    # towards, at, of
    "t": """
        unter sous bajo sotto pod under to for at on about from of in into auf fur beim bei zum
        zur von pour sur dans a au para en sobre de per su nel nella nei na dla przy w
    """,
    # German towards, English article
    "A": "an",
    # the
    "r": "the die das der den dem le la les el los las il lo gli l",
    # that, joining sentences
    "z": "that dass daß que che ze iz",
    # at the top
    ">": """
        ahead above oben haut tete arriba cima gore gory szczyt* atop vorne front forefront
    """,
    # if
    "s": "if though si se ob wenn jakby gdyby hatte hatten",
    # this, the following, all
    "d": """
        this these those following below next previous prior all every each any earlier
        preceding aforementioned diese dieser diesen dieses diesem folgende folgenden obige
        obigen alle allen alles vorherig* bisherig* nachste nachsten jede jeden jeder ce cet
        cette ces suivant suivante precedent* toute toutes tous ci-dessus este esta estos estas
        siguiente anterior* previas todo todas todos questo questa questi queste seguente tutte
        tutti ta te tego tej wszystkie wszystko powyzsz* nastepn* wczesniejsz*
    """,
    # the writer
    "i": """
        i we my our ours i'm i'd i'll i've we'd we're we've we'll ich wir mein meine meinen
        meiner meinem unser unsere unseren unserem unserer je j'ai nous mon mes notre nos yo
        nosotros mis nuestr* soy somos tenemos io noi mio mia nostr* sono siamo abbiamo moj moja
        moje moim nasz* jestem jestesmy mamy chcemy
    """,
    # the writer, as an object
    "u": "me us mich uns mir moi mnie nas",
    # whom he writes to
    "y": """
        you your ur you're yours du dich dir toi ti dein deine deinen deiner ihr ihre ihren
        ihrem tu ton tes vous votre vos tus usted ustedes tuo tuoi tue vostr* vostra twoj* twoje
        wasz* panstw*
    """,
    # please, now, and
    "p": """
        please pls plz kindly simply just now then also and bitte einfach jetzt dann auch und
        veuillez merci s'il ensuite et maintenant por luego y ahora prego poi ora e prosze
        nastepnie oraz teraz mozecie
    """,
    # not
    "N": """
        not no never don't dont nicht kein keine keinen ne pas non sin nie bez without ohne
    """,
    # opens a letter
    "a": """
        hey hello hi dear attention hallo hola bonjour ciao liebes lieb caro cara querido
        querida chere droga liebe lieber achtung cher drogi attenzione
    """,
    # price and quality
    "q": """
        price quality sqm sq prix prezzo precio cena cene preis preise devis quote quotes estimate
        invoice angebot kostenvoranschlag preventivo wycena wycene rechnung facture
    """,
    # labels of a person
    "C": """
        name email e-mail phone telephone tel telefon mobile address nom telefono correo nome
        imie adresse indirizzo adres vorname nachname
    """,
    # ends and beginnings
    "f": """
        end begin beginning ende beginn anfang fin debut inicio comienzo koniec poczatek
    """,
    # gardens, and what works in them
    "h": """
        irrigation sprinkler sprinklers watering drip drainage mower mowers mowing lawn garden
        gardens gardener gardeners gate crew team contractor controller timer pump heating alarm
        app hoa bids bid bidder bidders bidding tender tenders offers contractors fence hedge
        patio concrete plants planting turf zone zones septic driveway drain drains wall walls
        path paths tree trees roof deck pond beds paving pavers posts roots stump gravel soil
        fountain lighting pool solar vacuum cameras husqvarna gardena hunter bewasserung*
        bewasserungssystem* mahroboter* rasenmaher* garten* rasen steuerung gartner zaun hecke
        beregnung* trupp angebote vergabe ausschreibung* bieter ortstermin pflanzen baume beete
        einfahrt mauer baum teich erde kies pflaster pfosten anlage anlagen arrosage jardin
        jardinier* portail equipe offres appel riego jardin* cesped programador ofertas pliego
        concurso irrigazione giardino giardin* squadra prato impianto offerte nawadnian* ogrod*
        sterownik* trawnik* ofert* przetarg* ekip* yard yards terrace terraces slope boundary
        oak birch beech maple pine conifer conifers hedges shrub shrubs flower flowers rose
        roses mulch edging slab slabs tile tiles stone stones pitch playground court shed
        pergola greenhouse plant mowed sod grass leaves border borders pruning weed weeds
        weeding plaster pipe pipes meter stair stairs stufen treppe steine platten hang rohre
        zaune hecken rasenflache terrasse terrassen hof laub baumen teiche rollrasen rindenmulch
        pfosten arbre arbres haie haies pelouse terrasse arbol arboles seto setos valla terraza
        albero alberi siepe siepi prato terrazza drzew drzewo drzewa zywoplot taras plot
    """,
}
"""By letter; one with two letters stands for two words in one, as German writes them."""
