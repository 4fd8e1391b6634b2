"""The rules in knowledge/danger.yml: what must be heard, and what must be left in peace."""

from pathlib import Path

from knowledge.danger import DangerRules

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
RULES = DangerRules.load(KNOWLEDGE / "danger.yml")
ABOUT_DANGER = {"mental-health-help", "exploitation-help", "emergency-and-out-of-hours"}

SUICIDE = """
I want to die
i dont wanna live anymore
I'm going to kill myself tonight
thinking about suicide all the time
i wish i was dead
everyone would be better off without me
I can't go on anymore
there is no reason to live
i think about ending it all
i keep thinking of hurting myself
my roommate says she will kill herself, what do i do
i took all the pills
I. WANT. TO. DIE.
nobody would miss me, i want to disappear forever
wanna kil my self
jeg vil ikke leve mere
jeg har lyst til at dø
jeg tænker på selvmord
jeg vil tage mit eget liv
alle ville have det bedre uden mig
min kollega siger at han vil slå sig selv ihjel
jeg orker ikke at leve
jeg skærer i mig selv
jeg vil bare doe
gusto ko nang mamatay
ayoko na mabuhay
magpapakamatay na ako
iniisip ko na tapusin ang buhay ko
gusto ko na lang mawala
wala nang dahilan para mabuhay
sana hindi na lang ako nagising
मैं मरना चाहता हूँ
मुझे जीना नहीं है
मैं आत्महत्या करने की सोच रही हूँ
जीने का मन नहीं करता
main marna chahta hu
mujhe jeena nahi hai
mar jana chahti hun
apni jaan de dunga
khudkushi kar lunga
zindagi se tang aa gaya hu
nie chcę żyć
nie chce mi sie zyc
chcę umrzeć
chce sie zabic
myślę o samobójstwie
skończę ze sobą
lepiej by było beze mnie
kolega mówi że się powiesi
mam dość życia
nu mai vreau să trăiesc
vreau sa mor
ma gandesc la sinucidere
imi iau zilele
mai bine mor
nu mai are rost viata
vreau sa ma omor
не хочу жити
хочу померти
я не бачу сенсу жити
думаю про самогубство
хочу покінчити з собою
накладу на себе руки
мені не хочеться жить
краще б мене не було
не хочу больше жить
хочу умереть
ich will nicht mehr leben
ich möchte sterben
ich bringe mich um
ich will mich umbringen
denke an selbstmord
ohne mich wäre alles besser, ich will tot sein
ich kann nicht mehr leben
quiero morir
no quiero vivir mas
quiero suicidarme
أريد أن أموت
"""

EMERGENCY = """
he is not breathing
my husband can't breathe please help
someone has a heart attack
she is unconscious
my friend passed out and won't wake up
there is a fire in our kitchen
the house is on fire
he is bleeding a lot
car accident, people are hurt
my baby is choking
HELPPP AMBULANCE NOW
he fell from the roof and can't move
chest pain going to my arm
my wife had a seizure
he cut off two fingers in the machine
han trækker ikke vejret
hun er bevidstløs
min mand har fået et hjerteanfald
det brænder i køkkenet
der er brand i huset
han bløder voldsomt
der er sket en ulykke, han er kvæstet
send en ambulance nu
min søn har kramper
han er faldet ned fra stilladset og rører sig ikke
hindi siya humihinga
di makahinga asawa ko
inatake sa puso si tatay
may sunog sa bahay namin
nawalan ng malay ang kasama ko
ang daming dugo tulong
naaksidente kami tulong
nahimatay yung katrabaho ko
सांस नहीं आ रही है
मेरे पति को दिल का दौरा पड़ा है
वो बेहोश हो गया है
घर में आग लग गई है
बहुत खून बह रहा है
एम्बुलेंस बुलाओ जल्दी
saans nahi aa rahi
mere papa ko heart attack aaya hai
wo behosh ho gaya
ghar me aag lag gayi
bahut khoon nikal raha hai
ambulance bulao
nie oddycha
mąż ma zawał
kolega jest nieprzytomny
pali się w kuchni
jest pożar w baraku
dużo krwi, nie mogę zatamować
mieliśmy wypadek, są ranni
dziecko się dusi
karetka potrzebna szybko
spadł z rusztowania i się nie rusza
nu respira
sotul meu are infarct
e inconstient
a luat foc casa
pierde mult sange
am avut un accident, sunt raniti
chemati ambulanta repede
colegul are o criza de epilepsie
він не дихає
чоловік знепритомнів
у нас пожежа
горить кухня
дуже багато крові
потрібна швидка терміново
сталася аварія, є поранені
у тата серцевий напад
человек без сознания
er atmet nicht
mein vater hat einen herzinfarkt
sie ist bewusstlos
es brennt in der küche
er blutet sehr stark
wir hatten einen unfall, einer ist verletzt
brauche sofort einen krankenwagen
no respira, ayuda
لا يتنفس
"""

VIOLENCE = """
my husband beats me
he hits me every day
my boyfriend hit me last night
I was raped
my boss touches me and I don't want it
i am afraid to go home
I'm scared of my husband
he tried to strangle me
my husband hurts the children
he forced me to have sex
my roommate attacked me
my boss slapped me
my stepfather beats my little brother
i got beaten up by two men
im not safe at home
min mand slår mig
han slog mig i går
jeg er blevet voldtaget
jeg tør ikke gå hjem
min kæreste tager kvælertag på mig
min far slår mine søskende og mig
jeg er bange for min mand
chefen befamler mig
jeg bliver slået derhjemme
min mand er voldelig
binubugbog ako ng asawa ko
sinasaktan ako ng amo ko
ginahasa ako
natatakot akong umuwi sa bahay
sinampal ako ng boss
hinihipuan ako ng employer ko
natatakot ako sa mister ko
मेरा पति मुझे मारता है
मुझे घर जाने से डर लगता है
मेरे साथ बलात्कार हुआ
बॉस ने मुझे थप्पड़ मारा
pati mujhe maarta hai
mera husband mujhe roz marta hai
ghar jane se dar lagta hai
mere sath rape hua
boss ne mujhe thappad mara
mąż mnie bije
partner mnie uderzył
zostałam zgwałcona
boję się wracać do domu
boje sie meza
szef mnie obmacuje
on bije dzieci
mąż znęca się nade mną
sotul ma bate
m-a lovit iubitul
am fost violata
mi-e frica sa merg acasa
mi-e frică de soțul meu
seful m-a lovit
чоловік мене б'є
він мене вдарив
мене зґвалтували
боюся йти додому
боюсь свого чоловіка
начальник мене лапає
муж меня бьет
mein mann schlägt mich
er hat mich geschlagen
ich wurde vergewaltigt
ich habe angst nach hause zu gehen
ich habe angst vor meinem mann
mein freund würgt mich
mein chef hat mich angefasst
mi marido me pega
زوجي يضربني
"""

THREAT = """
my boss threatens to kill me
he said he will kill us if we talk to the police
my landlord is threatening me with a knife
the agent threatens my family
I get death threats
the agency said they will hurt my family
foreman showed us a gun
they know where my family lives and threaten us
my boss blackmails me
im scared of my boss
chefen truer mig
min udlejer truer med at slå mig ihjel
jeg får dødstrusler
agenten truer min familie
jeg er bange for min arbejdsgiver
tinatakot ako ng amo ko
pinagbabantaan kami ng agency
papatayin daw ako ng boss
takot ako sa amo ko
मालिक धमकी दे रहा है
एजेंट मेरे परिवार को धमकी देता है
malik dhamki deta hai
boss bola jaan se maar dega
agent ne dhamki di family ko
szef grozi ze mnie zabije
pracodawca mi grozi
właściciel straszy mnie że mnie pobije
boję się szefa
ktoś mnie szantażuje
seful ma ameninta
patronul a zis ca ma omoara
proprietarul m-a amenintat cu cutitul
mi-e frica de patron
шеф мені погрожує
начальник погрожує мене вбити
агент погрожує моїй родині
боюся свого начальника
хозяин угрожает нам
mein chef bedroht mich
der vermieter droht mich umzubringen
ich habe angst vor meinem chef
der vermittler droht meiner familie
mi jefe me amenaza
"""

EXPLOITATION = """
my boss took my passport
they keep our passports and don't give them back
he took my passport and says I owe him money
we are locked in at night
I am forced to work
not paid for 3 months and he says police will deport me
I must work to pay my debt to the agency and can't leave
employer keeps my bank card and mitid
is this human trafficking
they dont let us leave the farm
they treat us like slaves
chefen har taget mit pas
min arbejdsgiver beholder mit pas
vi er låst inde om natten
jeg bliver tvunget til at arbejde
jeg får ingen løn og han truer med politiet
vi må ikke forlade gården, siger chefen
jeg skal arbejde min gæld til agenten af
kinuha ng amo ko ang passport ko
hawak ng agency ang pasaporte namin
ikinukulong kami sa bahay
pinipilit akong magtrabaho
may utang ako sa agency kaya hindi ako pwede umalis
walang sahod at ipapadeport daw ako
मालिक ने मेरा पासपोर्ट ले लिया
हमें कमरे में बंद रखते हैं
मुझसे जबरदस्ती काम करवाते हैं
malik ne passport rakh liya
boss mera passport wapas nahi deta
hume bahar jane nahi dete
zabardasti kaam karwate hain
szef zabrał mi paszport
agencja trzyma nasze paszporty
zmuszają nas do pracy
zamykają nas na noc
muszę odpracować dług u pośrednika
nie płaci i grozi deportacją
seful mi-a luat pasaportul
ne tin inchisi noaptea
ma obliga sa lucrez fara bani
patronul nu ne da pasapoartele
nu ma lasa sa plec pana nu platesc datoria la agentie
шеф забрав мій паспорт
нас замикають на ніч
мене змушують працювати
не платять і погрожують депортацією
треба відпрацювати борг посереднику
хозяин отобрал паспорт
mein chef hat mir den pass weggenommen
wir werden nachts eingesperrt
ich werde gezwungen zu arbeiten
kein lohn und er droht mit abschiebung
ich muss schulden bei der agentur abarbeiten
mi jefe me quitó el pasaporte
"""

HARMLESS = """
who do I call when I am ill at night
what is the number for an ambulance
is the ambulance free in Denmark
what happens if there is a fire in the apartment building, do I need fire insurance
I had a work accident last week and hurt my leg, who pays
my boss fired me yesterday
can they fire me when I am ill
this paperwork is killing me
how do I kill time while I wait for my permit
what is the deadline for the tax return
dead battery in my phone, MitID is gone
my phone is dying and I need MitID
the brand new flat has no heating
I am dying to know when my permit comes
my father died, can I get leave for the funeral
how do I get a death certificate
how do I end my lease
I want to live in Copenhagen
I don't want to live in Odense anymore, can I move
is it worth living in Aarhus
it is not safe to share my CPR number, right
do I have to take my passport to SIRI
I have an Indian passport, do I need a visa
the embassy has my passport, can I still apply
my passport expires in May
I lost my passport in the train
can I make MitID with my passport
I am locked out of MitID
my card is locked
am I locked in the contract for a year
my landlord wants to kick me out
I got kicked out of the flat
someone hit my car on the parking place
is it true that my boss can see my salary
is it true my agent must be registered
how many pills can I bring through customs
can I jump on the train without a ticket
I took the bus instead
I'm afraid of losing my husband's permit
I'm scared that my wife cannot come
ok bye, I can't talk now, sorry
they beat us in football haha
my back hurts after work
I hurt my back lifting a patient at work
I cut myself in the kitchen at work, is it arbejdsskade
do I need a first aid course
where is the fire drill held
will they deport me if I lose my job
my boss has not paid me for two months
how do I get a refund of my medicine
I will pay back my SU debt next year
I owe money to SKAT and can't pay
my employer says I need a police certificate
I must work overtime and get no extra pay
can I leave my job before the contract ends
how do I register the birth of my baby
can I hit the gym with my health card
skal jeg selv slå græsset
hvem slår græsset i haven
jeg vil slå op i min kontrakt
døren er i stykker, hvem ringer jeg til
min dør kan ikke lukke, hjælp
jeg kan ikke lide vejret i Danmark
vejret er dårligt, jeg får ikke sol
det varme vand er gået
kan jeg leve af min løn
chefen skylder mig løn, han har ikke betalt
hvad koster en ambulance
jeg er bange for at min mand ikke kan få opholdstilladelse
hvor slår jeg det op
jeg har mit pas med til SIRI
pas på dig selv
chefen tager mig ikke alvorligt
skal jeg tage min egen computer med
jeg vil gerne bo tættere på arbejdet
hvornår er fristen
min kæreste vil gerne have et job
må jeg gå hjem før tid
hvem bestemmer over huset, når jeg lejer
papapatayin ba ng landlord ang heater pag summer
mamatay na ako sa kakatawa haha
natatakot ako na hindi makapunta ang asawa ko
patay na ang battery ng phone ko
kinuha ko na ang passport ko sa embassy
magkano ang ambulansya
ayaw nila tanggapin ang documents ko
papauwiin ba nila ako kapag natapos ang contract
pumasa ako sa exam
ayoko sana mawala yung deposit ko
मुझे मार्च में टैक्स भरना है
मैं यह जान लेना चाहता हूँ कि CPR कैसे मिलता है
मेरा पासपोर्ट दूतावास में है, क्या करूँ
कार्ड बंद कर दिया, मुझे नया चाहिए
क्या मैं अपनी पत्नी को ला सकता हूँ
mujhe march me tax dena hai, pati ka card hai
1 jan ko rent dena hai
mera passport embassy se kab aayega
meri wife ka marriage certificate chahiye hai mujhe
salary kab aati hai
jak długo pracuję, żeby dostać urlop
nie mam w Danii ubezpieczenia na życie
jakie dokumenty mam zabrać do SIRI
muszę odebrać dowód w urzędzie
umieram z nudów
sąsiad pali w mieszkaniu
co mi grozi za spóźnienie z podatkiem
ktoś uderzył w mój samochód
boję się o męża, nie ma jeszcze pracy
przychodnia zamknięta na noc, gdzie iść
za co żyć jak nie ma wypłaty
mąż szuka pracy
nie mogę wyjechać z Danii na urlop?
am luat pasaportul nou, trebuie sa anunt
unde arunc gunoiul
e obligatoriu sa am CPR ca sa lucrez
datorita contractului pot lucra
vreau sa traiesc in Danemarca
nu vreau sa mai traiesc in camera asta
nu pot sa ma trezesc dimineata la tura
mor de ras
mi-au inchis contul la banca, ma ajutati
ma bate gandul sa plec acasa
не можу знайти де жити
не хочу жити в цій квартирі
не хочу жити в гуртожитку
де можна жити в Оденсе
я не маю паспорта, тільки ID картка
потрібна відповідь швидко
що мені грозить за роботу без дозволу
боюсь повертатися додому через війну
боюся, що чоловіка не пустять
шеф не заплатив за місяць
коли прийде зарплата
чи можна з'їздити додому на свята
ich will nicht mehr in der wg leben
kann ich nicht in dänemark leben ohne cpr
mein chef schlägt mir einen termin vor
er schlägt uns eine wohnung vor
was droht mir wenn ich schwarz arbeite
die regel tritt am 1. januar in kraft
ich habe angst vor der prüfung
meine karte ist gesperrt
wie kann ich das konto sperren
mein pass ist abgelaufen
no quiero vivir en Odense
"""

SENTENCES = [
    (category, sentence)
    for category, sentences in (
        ("suicide", SUICIDE),
        ("emergency", EMERGENCY),
        ("violence", VIOLENCE),
        ("threat", THREAT),
        ("exploitation", EXPLOITATION),
    )
    for sentence in sentences.strip().splitlines()
]
