"""The rules in knowledge/danger.yml: what must be heard, and what must be left in peace."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import KnowledgeError
from i18n.languages import LANGUAGES
from knowledge.danger import DangerRules

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
RULES = DangerRules.load(KNOWLEDGE / "danger.yml")
ABOUT_DANGER = {
    "mental-health-help", "exploitation-help", "emergency-and-out-of-hours", "separation-or-violence", "au-pair-rules",
    "discrimination-and-conflict", "racism-in-daily-life", "work-injury", "employment-contract", "ethical-recruitment",
}  # fmt: skip

SUICIDE = """
jeg har ikke lyst til at leve mere
मुझे मरना है
sab khatam kar dena chahta hu
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
i feel like killing myself every night
i dont see any point in living
life is not worth living anymore
I have a plan to end my life
cant do this anymore i want it to be over
better if i was never born
i just want to sleep and never wake up
Im going to jump off the bridge
i want to hang myself
what is the easiest way to die
i'm done with life
should I just die
i hate my life and want to end it
my friend is suicidal
i bought a rope
jeg kan ikke mere, jeg vil væk fra livet
jeg har overvejet at tage mit liv
det hele er ligegyldigt, jeg vil bare dø
jeg ønsker ikke at være her mere
jeg vil hænge mig
har taget en masse piller for at dø
verden er bedre uden mig
min mand taler om at begå selvmord
di ko na kaya gusto ko na magpakamatay
ayaw ko na mabuhay pa
wala na akong silbi, mabuti pang mamatay na lang ako
naisip ko na maglaslas
gusto ko nang tapusin ang lahat
pagod na pagod na ako mabuhay
अब और जीने की इच्छा नहीं है
मन करता है मर जाऊं
मैं अपनी जान दे दूंगी
मुझे मर जाना चाहिए
sab khatam karna chahta hu, jeene ki ichha nahi
mann karta hai mar jau
mai suicide krne wali hu
ab aur nahi jeena
nie mam siły żyć
nie mam już po co żyć
mam mysli samobojcze
chce skonczyc ze swoim zyciem
wszystkim bedzie lepiej beze mnie
powieszę się
najlepiej jakbym umarł
chciałabym zasnąć i się nie obudzić
vreau sa imi pun capat zilelor
nu mai pot, vreau sa mor
ar fi mai bine fara mine
mă gândesc să mă arunc de pe pod
nu mai am pentru ce trăi
vreau sa termin cu viata
не бачу більше сенсу в житті
краще б я помер
не хочеться більше жити, допоможіть
я вчиню самогубство
думаю повіситись
всім буде краще без мене
надоело жить
ich kann nicht mehr, ich will sterben
ich denke daran mir das leben zu nehmen
das leben hat keinen sinn mehr
am liebsten wäre ich tot
ich will einfach nicht mehr aufwachen
ich ritze mich
honestly i think about death every day and want it
nothing matters anymore i will kill my self
my sister in the same room tried to end her life
i want to cut my veins
nobody needs me, i should be dead
im so tired of being alive
planning to take my own life this weekend
jeg overvejer at hoppe ud foran et tog
livet er ikke værd at leve
min veninde skriver at hun vil dø
jeg har selvmordstanker
jeg hader mit liv og vil ikke være her længere
gusto kong magbigti
sana mamatay na lang ako
iniisip kong uminom ng maraming gamot para mamatay
wala nang saysay ang buhay ko gusto ko nang mawala
हर रोज मरने का ख्याल आता है
मैं फांसी लगा लूंगा
जिंदगी से तंग आ गया हूँ, मरना चाहता हूँ
roz suicide ka khayal aata hai
mujhe mar jana chahiye sab kuch khatam
zeher kha lungi
codziennie myślę żeby ze sobą skończyć
nie chcę już istnieć
zabije sie dzisiaj
moja żona grozi że się zabije
nie widze sensu zycia
vreau sa termin cu totul, nu mai vreau sa traiesc
mi-as dori sa fiu mort
sotia mea vrea sa se sinucida
nu mai suport, ma arunc de pe bloc
я більше не хочу жити
мені краще померти
подруга хоче накласти на себе руки
навіщо мені жити
хочу заснути і не прокинутись
ich sehe keinen sinn mehr im leben
meine freundin will sich das leben nehmen
ich wünschte ich wäre tot
ich will vor den zug springen
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
my husband collapsed and doesn't respond
he stopped breathing
baby not breathing!!
help there is fire
there's smoke everywhere in the house
my mother has chest pains
huge accident outside, people bleeding
pregnant wife bleeding heavily
my flatmate took too many pills
someone is breaking into my house right now
man lying on the street not moving
she has an allergic reaction and her throat is closing
my colleague got electric shock
he was stabbed
my child drank cleaning liquid
hjælp min kone er faldet om
der er ild i lejligheden
min baby ånder ikke
han har fået et slagtilfælde
en mand er blevet kørt ned
min kollega har fået stød og er bevidstløs
hun har kraftige blødninger
der ligger en mand på gaden, han rører sig ikke
nawalan ng malay ang mister ko
nasusunog ang bahay
may nabangga dito, duguan
hirap huminga si baby
nastroke yata ang kasama ko
nag seizure ang anak ko
tumawag kayo ng ambulansya please
मेरा बच्चा सांस नहीं ले रहा
पापा बेहोश हो गए
रसोई में आग लगी है
एक्सीडेंट हो गया है बहुत खून बह रहा है
papa ko saans lene me dikkat ho rahi hai
kitchen me aag lag gyi hai
accident ho gaya hai madad karo
wo saans nahi le raha
koleżanka zemdlała i nie reaguje
mąż nie może oddychać
ogień w kuchni
był wypadek, człowiek krwawi
dziecko wypiło domestos
chyba ma udar, pół twarzy nie działa
ktoś się włamuje do domu teraz
prąd kopnął kolegę i nie oddycha
nu poate respira
a lesinat si nu isi revine
arde casa
accident grav, oameni raniti
copilul s-a inecat
are dureri mari in piept
trebuie ambulanta acum
людина лежить без свідомості
дитина задихається
горить будинок
у чоловіка інсульт
потрапили в аварію, є поранені
викличте швидку
сильно тече кров
er bekommt keine luft
meine mutter ist umgefallen und reagiert nicht
hilfe feuer in der wohnung
schwerer unfall, viele verletzte
mein kollege blutet stark am kopf
kind hat gift getrunken
my dad can't breathe and his lips are blue
fire!!! in our staff house
unconscious man in the bathroom
worker fell from scaffolding, lots of blood
she is having a heart attack I think
help my baby has a seizure
my friend overdosed
someone is stabbing people
ambulance please quick, my husband collapsed
min kollega er faldet fra stigen og bløder
det brænder hos naboen
min mor har brystsmerter og kan ikke få luft
han svarer ikke og trækker ikke vejret
hurtigt, send hjælp, alvorlig ulykke
hindi na makahinga ang nanay ko
tulong may sunog dito
inaatake sa puso ang asawa ko
nahulog sya sa hagdan at walang malay
आग लग गई है बचाओ
मेरी माँ को सीने में दर्द है
वह सांस नहीं ले पा रही
uske sar se khoon nikal raha hai
gaadi ka accident ho gaya koi behosh hai
pomocy dom się pali
moja mama straciła przytomność
kolega uciął sobie palec piłą
ktoś dostał zawału
dziecko nie oddycha
ajutor, a luat foc apartamentul
mama a facut infarct
copilul nu respira
a cazut de pe schela si nu misca
sangereaza foarte tare
допоможіть, людина не дихає
у нас горить квартира
мама втратила свідомість
сильна кровотеча після падіння
hilfe mein mann ist bewusstlos
es brennt im haus
mein vater bekommt keine luft mehr
arbeiter vom gerüst gestürzt, blutet
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
my partner pushed me down the stairs
he punches me when he is drunk
husband is violent and i have kids
my ex is stalking me
my manager grabbed my breast
i was sexually assaulted at work
she hits our son
he choked me last night
i need a womens shelter
my husband says he will kill me
he raped me
i was attacked on the street
my dad beats my mum
bf beat me up again
han er voldelig over for mig og børnene
min eksmand truer med at dræbe mig
min chef har rørt ved mig uden jeg ville
jeg har været udsat for vold
han tvang mig til sex
min kone slår mig
jeg har brug for et krisecenter
binugbog ako ng asawa ko kagabi
sinuntok ako ng boss ko
pinipilit nya akong makipagtalik
ni rape ako
sinasaktan ng mister ko ang mga anak namin
papatayin daw ako ng asawa ko
पति शराब पीकर मारपीट करता है
मालिक ने मुझे मारा
पति बच्चों को मारता है
मुझे अपने पति से डर लगता है
husband daily marpit karta hai
wo mujhe thappad maarta hai
mera pati bachon ko maarta hai
boss ne mere saath zabardasti ki
pobił mnie mąż
chłopak mnie dusił
jestem ofiarą przemocy domowej
brygadzista uderzył mnie w twarz
szef zmusił mnie do seksu
były chłopak mnie prześladuje i grozi
boję się iść do domu bo on tam jest
sotul meu ma bate in fiecare zi
iubitul m-a batut
am fost agresata sexual
patronul m-a palmuit
el ne bate pe mine si pe copii
sunt victima violentei domestice
чоловік б'є мене і дітей
хлопець мене побив
мене намагались зґвалтувати
він мене душив
я жертва домашнього насильства
начальник чіпає мене руками
муж избил меня
mein mann ist gewalttätig
er hat meine kinder geschlagen
ich werde von meinem freund geschlagen
mein vermieter hat mich sexuell belästigt
mein ex verfolgt mich
he hit me in the face
my husband slaps me and the kids
my uncle touches me at night
i was raped by my roommate
my girlfriend beats me
he grabbed me by the throat
my boss tried to kiss me and touched my leg
i'm afraid to go home tonight
min mand sparker mig
min kæreste slog mig så jeg fik et blåt øje
jeg er bange for ham
en mand har overfaldet mig
sinasaktan ako ng kinakasama ko
sinakal ako ng asawa ko
pinagsamantalahan ako
takot ako sa asawa ko binubugbog nya ako
मेरे पति ने मुझे पीटा
ससुर मुझे मारते हैं
pati roz peetta hai mujhe
usne mera rape kiya
pati se dar lagta hai
mąż bije mnie i dzieci
chłopak mnie uderzył i mam siniaki
szef mnie molestuje
boję się swojego męża
sotul ma bate de fata cu copiii
m-au violat
mi-e frica de el
чоловік побив мене
хлопець душив мене вчора
боюсь повертатися додому до чоловіка
мене зґвалтував сусід
mein freund hat mich geschlagen
mein mann würgt mich
ich traue mich nicht nach hause
ich wurde auf der arbeit sexuell belästigt
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
my landlord said he will beat me
someone is threatening me, i am scared
recruiter says he will hurt my mother if i don't pay
boss told me he would kill me if i go to the union
I received threats from my boss
they threatened to burn my house
han siger han vil skade min familie hvis jeg siger op
chefen sagde at han ville tæve mig
jeg er blevet truet på livet
udlejeren truede mig med en kniv
binantaan ako ng employer ko
sasaktan daw nila ang pamilya ko sa probinsya
tinutukan ako ng kutsilyo ng landlord
बॉस ने जान से मारने की धमकी दी
एजेंट बोला परिवार को नुकसान पहुंचाएगा
thekedar dhamkata hai
malik bola tujhe maar dalunga
szef powiedział że mnie zabije
grożą mi śmiercią
pośrednik grozi mojej rodzinie
właściciel mieszkania mi groził nożem
seful ma ameninta cu bataia
m-au amenintat cu moartea
agentul zice ca ne omoara
роботодавець погрожує мені розправою
мені погрожують
посередник обіцяє вбити мою сім'ю
шеф сказав що вб'є мене
ich bekomme morddrohungen
mein vermieter hat mir mit einem messer gedroht
der agent droht meiner mutter
boss said he will break my legs
my landlord threatens to send people to beat me
my employer sends me threats on whatsapp
they said they will kill my brother at home
my supervisor threatened me with violence
min chef truer med at slå mig
jeg får trusler fra min udlejer
han sendte mig en besked at han vil dræbe mig
tinatakot kami ng landlord na sasaktan
may banta sa buhay ko ang dati kong amo
मालिक जान से मारने की धमकी देता है
agent mujhe dhamki de raha hai
maalik ne chaku dikhaya
szef grozi mi pobiciem
dostaję groźby od pośrednika
powiedzieli że zrobią krzywdę mojej rodzinie
primesc amenintari de la patron
ne ameninta ca ne bate
шеф погрожує мені ножем
отримую погрози від посередника
mir wird mit dem tod gedroht
der vorarbeiter hat mich bedroht
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
employer is holding our passports
boss confiscated my passport and phone
my boss doesn't let me go outside
we are not allowed to leave the house
i have to work until I pay back the agency fee
i work 16 hours a day, no salary, only food and bed
he says he will call the police and deport me if I complain
they keep us like prisoners
I'm a victim of trafficking
they make me work without pay and took my documents
min chef har mit pas og vil ikke give det tilbage
vi må ikke gå ud, de låser døren
de har taget vores pas
jeg arbejder gratis for at betale min gæld
chefen siger han får mig udvist hvis jeg klager
jeg er offer for menneskehandel
kinuha ng employer ang passport ko at ayaw ibalik
hindi kami pinapayagang lumabas ng bahay
pinagtatrabaho kami nang walang sahod
nasa amo ko ang passport ko
sabi ng boss ipapadeport nya ako
biktima ako ng human trafficking
एजेंट ने मेरा पासपोर्ट रख लिया है
हमें बाहर नहीं जाने देते
मुझे कमरे में बंद कर दिया है
कर्ज चुकाने के लिए मुफ्त में काम करवाते हैं
agent ne mera passport le liya
bina salary ke kaam karwata hai aur bahar nahi jane deta
boss bolta hai deport kar dunga
szef trzyma mój paszport
zabrali nam dokumenty i nie chcą oddać
nie wolno nam wychodzić z hotelu
szef straszy że nas deportują
muszę pracować za darmo żeby spłacić dług
jestem ofiarą handlu ludźmi
patronul ne tine pasapoartele
mi-au luat actele si nu mi le dau inapoi
nu avem voie sa iesim din casa
muncim pe gratis ca sa platim datoria
sunt victima traficului de persoane
sunt tinuta cu forta
роботодавець тримає наш паспорт
забрали документи і не віддають
нас не випускають з дому
працюю безкоштовно, щоб віддати борг агенту
я жертва торгівлі людьми
шеф каже що здасть мене поліції і мене депортують
mein arbeitgeber hat meinen pass
wir dürfen das haus nicht verlassen
ich muss ohne lohn arbeiten bis die schulden bezahlt sind
chef droht mit polizei und abschiebung wenn ich mich beschwere
ich bin opfer von menschenhandel
my employer won't give my passport back
the agent kept our passports since we arrived
boss locks the door at night so we can't get out
i owe the recruiter 10000 euro and cannot leave the job
i am not free to go, they hold me here
they force us to work even when sick
we get no money and he threatens to send us home
the family I work for took my passport
arbejdsgiveren har taget vores pas og låst dem inde
vi bliver holdt som slaver
jeg må ikke forlade huset
jeg får ikke løn og de truer med at sende mig hjem
tinago ng agency ang passport namin
ayaw ibalik ng amo ang pasaporte ko
kinulong nila kami sa kwarto
pinipilit kaming magtrabaho kahit may sakit
baon ako sa utang sa recruiter, di ako makaalis
मालिक पासपोर्ट वापस नहीं दे रहा
हमसे गुलामों की तरह काम करवाते हैं
company ne hamara passport rakh liya hai
hume ghar me band karke rakha hai
malik ne mera passport chheen liya
pracodawca nie chce oddać mi paszportu
trzymają nas tu siłą
musimy odpracować dług, nie możemy odejść
szef zabrał dokumenty wszystkim pracownikom
patronul mi-a luat buletinul si nu mi-l da
suntem tinuti ca sclavii
ne incuie noaptea in baraca
suntem obligati sa muncim
роботодавець забрав документи
нас тримають як рабів
не віддають паспорти
примушують працювати без вихідних
der chef behält unsere pässe
wir werden wie sklaven behandelt
man sperrt uns nachts ein
wir werden zur arbeit gezwungen
die agentur hat meinen pass und gibt ihn nicht zurück
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
# Where two are true at once, the weightier one answers; these pairs lead to the same people.
ALIKE = {
    "suicide": {"suicide"},
    "emergency": {"emergency", "suicide"},
    "violence": {"violence"},
    "threat": {"threat", "violence"},
    "exploitation": {"exploitation", "threat"},
}


@pytest.mark.parametrize(("category", "sentence"), SENTENCES)
def test_danger_is_heard_in_every_language(category: str, sentence: str) -> None:
    danger = RULES.find(sentence)
    assert danger is not None
    assert danger.category in ALIKE[category]


@pytest.mark.parametrize("sentence", HARMLESS.strip().splitlines())
def test_everyday_questions_are_left_in_peace(sentence: str) -> None:
    assert RULES.find(sentence) is None


def test_no_example_question_of_another_topic_is_taken_for_danger() -> None:
    asked = [
        (path.parent.name, line[2:])
        for path in sorted(KNOWLEDGE.glob("topics/*/*.md"))
        for line in path.read_text(encoding="utf-8").partition("\n## Questions\n")[2].splitlines()
        if line.startswith("- ")
    ]
    flagged = [(slug, question) for slug, question in asked if slug not in ABOUT_DANGER and RULES.find(question)]
    assert len(asked) > 1000
    assert len(flagged) <= len(asked) / 1000, flagged


@pytest.mark.parametrize(
    "written",
    [
        "I WANT TO DIE",
        "i want to dieee",
        "I... want to die!!!",
        "i wánt to dìe",
        "I\u200b want to\u00ad die",
        "i, want - to die",
    ],
)
def test_it_does_not_matter_how_it_is_typed(written: str) -> None:
    danger = RULES.find(written)
    assert danger is not None
    assert danger.category == "suicide"


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("græder hver dag, jeg vil ikke leve mere", "suicide"),
        ("min mand slaar mig", "violence"),
        ("НЕ ХОЧУ ЖИТИ", "suicide"),
        ("nie chce zyc", "suicide"),
        ("मैं मरना चाहता हूं", "suicide"),
        ("Nu respirã", "emergency"),
    ],
)
def test_marks_may_be_left_out(written: str, category: str) -> None:
    danger = RULES.find(written)
    assert danger is not None
    assert danger.category == category


def test_the_weightiest_category_answers() -> None:
    danger = RULES.find("my boss took my passport and I want to kill myself")
    assert danger is not None
    assert (danger.category, danger.topic) == ("suicide", "mental-health-help")


def test_a_harmless_phrase_hides_only_its_own_words() -> None:
    assert RULES.find("my phone is dying") is None
    assert RULES.find("my phone is dying and I want to kill myself") is not None
    assert RULES.find("skal jeg selv slå græsset? min mand slår mig hvis jeg ikke gør") is not None


def test_what_is_logged_is_our_phrase_and_never_the_message() -> None:
    danger = RULES.find("Ania, ul. Polna 5: nie chce mi się żyć")
    assert danger is not None
    assert "Polna" not in danger.phrase
    assert danger.phrase in (KNOWLEDGE / "danger.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", " ", "?", "...", "😀", "\x00", "हा", "112"])
def test_a_message_without_words_is_no_danger(text: str) -> None:
    assert RULES.find(text) is None


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    RULES.find(text)


@given(st.text(alphabet="abc xyz,-", max_size=60), st.text(alphabet="abc xyz,-", max_size=60))
def test_words_around_it_do_not_hide_it(before: str, after: str) -> None:
    assert RULES.find(f"{before} I want to kill myself {after}") is not None


# --- texts ----------------------------------------------------------------------------------------------------

TEXTS = [(entry.name, language) for entry in RULES.categories for language in LANGUAGES]


@pytest.mark.parametrize(("category", "language"), TEXTS)
def test_each_text_is_there_short_and_names_the_emergency_number(category: str, language: str) -> None:
    entry = next(entry for entry in RULES.categories if entry.name == category)
    text = RULES.text(category, language)

    assert language in entry.texts
    assert "{emergency-number}" in text
    assert len(text.split()) <= 70
    assert not re.search(r"\d", re.sub(r"\{[^}]*\}", "", text)), "a number belongs into figures.yml"


def test_texts_name_only_figures_and_topics_that_we_have() -> None:
    figures = set(re.findall(r"^  - id: (\S+)", (KNOWLEDGE / "figures.yml").read_text(encoding="utf-8"), re.M))
    for entry in RULES.categories:
        assert (KNOWLEDGE / "topics" / entry.topic).is_dir()
        for text in entry.texts.values():
            assert set(re.findall(r"\{([^}|]*)", text)) <= figures


def test_a_language_without_a_text_gets_the_english_one() -> None:
    assert RULES.text("suicide", "xx") == RULES.text("suicide", "en")


def test_categories_stand_in_order_of_weight() -> None:
    assert [entry.name for entry in RULES.categories] == [
        "suicide", "emergency", "violence", "threat", "exploitation"
    ]  # fmt: skip


# --- how fast -------------------------------------------------------------------------------------------------


def _milliseconds(text: str, *, times: int = 20) -> float:
    """The quickest of several runs: what the machine does beside it is not ours to measure."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        RULES.find(text)
        took.append(time.perf_counter() - start)
    return 1000 * min(took)


def test_a_short_message_takes_less_than_a_millisecond() -> None:
    assert _milliseconds("How do I get a tax card when I start work in Denmark on Monday?") < 1


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4000,
        "a " * 2000,
        "." * 4000,
        "not cant dont my the boss he they passport want to " * 80,
        "".join(chr(97 + n % 26) for n in range(4000)),
        " ".join(sentence for _, sentence in SENTENCES)[:4000],
    ],
)
def test_a_long_message_stays_quick(text: str) -> None:
    assert _milliseconds(text, times=5) < 20  # 10 on a quiet machine


# --- files with mistakes --------------------------------------------------------------------------------------

FILE = """\
categories:
  - name: suicide
    topic: mental-health-help
    phrases:
      en:
        - {phrase}
    texts:
      {language}: Call {{emergency-number}}.
"""


def _load(folder: Path, *, phrase: str = "want to die", language: str = "en", rest: str = "") -> DangerRules:
    path = folder / "danger.yml"
    path.write_text(FILE.format(phrase=phrase, language=language) + rest, encoding="utf-8")
    return DangerRules.load(path)


def test_a_small_file_works(tmp_path: Path) -> None:
    assert _load(tmp_path).find("i want to die") is not None


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("want * *", "begins and ends with a word"),
        ("'* die'", "begins and ends with a word"),
        ("<boss> dies", "no list <boss>"),
        ("want & ", "begins and ends with a word"),
        ("a?", "must not be"),
        ("m-a", "not one word"),
        ("d*", "two letters"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, phrase: str, says: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        _load(tmp_path, phrase=phrase)
    assert caught.value.where.endswith("danger.yml:6")
    assert says in caught.value.problem


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"language": "da"}, 7),
        ({"rest": "    colour: red\n"}, 9),
        ({"rest": "  - name: boredom\n    topic: a\n    phrases: {}\n    texts: {en: a}\n"}, 9),
        ({"rest": "    unless:\n      xx:\n        - a b\n"}, 10),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, changes: dict[str, str], line: int) -> None:
    with pytest.raises(KnowledgeError) as caught:
        _load(tmp_path, **changes)
    assert caught.value.where.endswith(f"danger.yml:{line}")
    assert caught.value.remedy


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="missing"):
        DangerRules.load(tmp_path / "danger.yml")
