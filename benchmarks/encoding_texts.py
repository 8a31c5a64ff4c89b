"""Lines as they are sung, in many languages, with the encodings that lyrics of each language were written in.

Written for this project; eight lines each.
"""

__all__ = ["TEXTS"]

# Language: (its encodings, the lines).
TEXTS: dict[str, tuple[tuple[str, ...], str]] = {
    "ru": (
        ("cp1251", "koi8-r", "cp866", "iso8859-5"),
        """Ночная река течёт под старым мостом
Я пишу твоё имя на облаке белом
И жду, когда ты вернёшься домой
Сквозь дальние дали, сквозь зиму и ветер
Гори, гори, моя звезда, не гасни
Пока над городом не встанет рассвет
Мы были с тобой так молоды и смелы
И сердце помнит то, чего больше нет""",
    ),
    "uk": (
        ("cp1251", "koi8-u"),
        """Тиха ріка тече під старим мостом
Я пишу твоє ім'я на білій хмарі
І чекаю, коли ти повернешся додому
Крізь далечінь, крізь зиму і вітер
Місяць світить над полем широким
Їдуть козаки, співають пісень
Де ж ти, моя доле, де ти, моя мила
Серце пам'ятає той літній день""",
    ),
    "bg": (
        ("cp1251",),
        """Тиха река тече под стария мост
Пиша името ти върху бял облак
И чакам да се върнеш у дома
През далечни земи, през зима и вятър
Светлина в прозореца, дъжд по стъклото
Къде си сега, моя обич голяма
Ще пея за тебе докато съмне
Сърцето помни това, което го няма""",
    ),
    "sr": (
        ("cp1251", "iso8859-5"),
        """Тиха река тече испод старог моста
Пишем твоје име на белом облаку
И чекам када ћеш се вратити кући
Кроз далеке даљине, кроз зиму и ветар
Где си сада, љубави моја највећа
Певаћу за тебе док не сване дан
Ђердан од звезда носим на грудима
Срце се сећа свега што је било""",
    ),
    "zh-hans": (
        ("gbk", "gb18030", "gb2312", "hz"),
        """夜里的河水流过旧桥
我把名字写在云上
等你从远方回来
风吹过空荡的街道
你还记得那年夏天吗
我们在海边唱着歌
时间带走了所有的梦
只剩下我一个人等候""",
    ),
    "zh-hant": (
        ("big5", "big5hkscs"),
        """夜裡的河水流過舊橋
我把名字寫在雲上
等你從遠方回來
風吹過空蕩的街道
你還記得那年夏天嗎
我們在海邊唱著歌
時間帶走了所有的夢
只剩下我一個人等候""",
    ),
    "ja": (
        ("shift_jis", "cp932", "euc_jp", "iso2022_jp"),
        """夜の川が古い橋を渡る
雲に名前を書いたら
遠くからあなたが帰る日を待つ
風が吹いている誰もいない道
あの夏の日をまだ覚えていますか
ふたりで海辺で歌っていた
時はすべての夢を連れ去って
ぼくだけがここに残された""",
    ),
    "ko": (
        ("euc_kr", "cp949"),
        """밤의 강은 낡은 다리를 지나고
구름 위에 이름을 쓴다
멀리서 네가 돌아오길 기다려
바람이 부는 텅 빈 거리에서
그 여름날을 아직 기억하니
우리는 바닷가에서 노래했었지
시간은 모든 꿈을 데려가고
나만 홀로 여기 남았네""",
    ),
    "el": (
        ("cp1253", "iso8859-7"),
        """Το ποτάμι της νύχτας κυλά κάτω απ' το παλιό γεφύρι
Γράφω τ' όνομά σου πάνω στο σύννεφο
Και περιμένω να γυρίσεις από μακριά
Ο άνεμος φυσά στον άδειο δρόμο
Θυμάσαι ακόμα εκείνο το καλοκαίρι
Τραγουδούσαμε μαζί δίπλα στη θάλασσα
Ο χρόνος πήρε όλα μας τα όνειρα
Κι έμεινα μόνος εδώ να σε περιμένω""",
    ),
    "tr": (
        ("cp1254", "iso8859-9"),
        """Gecenin ırmağı eski köprünün altından akar
Adını yazdım bulutların üstüne
Uzaklardan dönmeni bekliyorum
Rüzgâr esiyor bomboş sokaklarda
O yaz günlerini hatırlıyor musun
Deniz kıyısında şarkılar söylerdik
Zaman aldı götürdü bütün düşleri
Şimdi burada yalnız ben kaldım""",
    ),
    "pl": (
        ("cp1250", "iso8859-2"),
        """Nocna rzeka płynie pod starym mostem
Piszę twoje imię na białej chmurze
I czekam, aż wrócisz do mnie z daleka
Wiatr wieje przez puste ulice miasta
Czy pamiętasz jeszcze tamto lato
Śpiewaliśmy razem nad brzegiem morza
Czas zabrał ze sobą wszystkie sny
Zostałem tu sam i ciągle czekam""",
    ),
    "cs": (
        ("cp1250", "iso8859-2"),
        """Noční řeka teče pod starým mostem
Píšu tvé jméno na bílý mrak
A čekám, až se vrátíš zdálky domů
Vítr vane prázdnou ulicí města
Pamatuješ ještě na to léto
Zpívali jsme spolu na břehu moře
Čas odnesl všechny naše sny
Zůstal jsem tu sám a stále čekám""",
    ),
    "hu": (
        ("cp1250", "iso8859-2"),
        """Az éji folyó a régi híd alatt fut
Felhőkre írom a nevedet
És várom, hogy messziről hazatérj
Szél fúj az üres utcán át
Emlékszel-e még arra a nyárra
Együtt énekeltünk a tengerparton
Az idő elvitte minden álmunk
Egyedül maradtam, és várok még""",
    ),
    "ro": (
        ("cp1250", "iso8859-2"),
        """Râul nopţii curge sub podul cel vechi
Îţi scriu numele pe norul alb
Şi aştept să te întorci de departe
Vântul bate pe strada pustie
Îţi mai aduci aminte de vara aceea
Cântam împreună la ţărmul mării
Timpul a luat cu el toate visele
Am rămas singur aici şi te aştept""",
    ),
    "hr": (
        ("cp1250", "iso8859-2"),
        """Noćna rijeka teče ispod starog mosta
Pišem ti ime na bijelom oblaku
I čekam da se vratiš izdaleka
Vjetar puše kroz praznu ulicu
Sjećaš li se još onoga ljeta
Pjevali smo zajedno kraj mora
Vrijeme je odnijelo sve naše snove
Ostao sam ovdje sam i čekam još""",
    ),
    "he": (
        ("cp1255", "iso8859-8"),
        """נהר הלילה זורם מתחת לגשר הישן
אני כותב את שמך על ענן לבן
ומחכה שתחזור אליי ממרחקים
הרוח נושבת ברחוב הריק
האם אתה זוכר את הקיץ ההוא
שרנו יחד על שפת הים
הזמן לקח איתו את כל החלומות
ורק אני נשארתי כאן לבד""",
    ),
    "ar": (
        ("cp1256", "iso8859-6"),
        """نهر الليل يجري تحت الجسر القديم
أكتب اسمك فوق الغيوم
وأنتظر أن تعود من بعيد
الريح تهب في الشارع الخالي
هل تذكر ذلك الصيف يا حبيبي
كنا نغني معا قرب البحر
أخذ الزمان كل الأحلام
وبقيت وحدي هنا في الانتظار""",
    ),
    "fa": (
        ("cp1256",),
        """رود شب از زیر پل کهنه می‌گذرد
نام تو را بر ابرها می‌نویسم
و چشم به راهم که از دور بیایی
باد می‌وزد در کوچه‌های خالی
آیا آن تابستان را به یاد داری
با هم کنار دریا آواز می‌خواندیم
زمان همه رویاها را با خود برد
و من اینجا تنها ماندم""".replace("ی", "ي"),
    ),
    "th": (
        ("tis-620", "cp874"),
        """สายน้ำยามค่ำคืนไหลผ่านสะพานเก่า
ฉันเขียนชื่อเธอไว้บนก้อนเมฆ
และเฝ้ารอเธอกลับมาจากแดนไกล
ลมพัดผ่านถนนที่ว่างเปล่า
เธอยังจำฤดูร้อนนั้นได้ไหม
เราร้องเพลงด้วยกันที่ริมทะเล
เวลาพาความฝันทั้งหมดจากไป
เหลือเพียงฉันคนเดียวที่ยังรอคอย""",
    ),
    "vi": (
        ("cp1258",),
        """Dòng sông đêm trôi dưới cây cầu cũ
Anh viết tên em lên những đám mây
Và chờ em trở về từ nơi xa lắm
Gió thổi qua con phố vắng người
Em còn nhớ mùa hè năm ấy không
Mình cùng nhau hát bên bờ biển xanh
Thời gian mang đi bao nhiêu giấc mộng
Chỉ còn mình anh đứng đợi nơi này""",
    ),
    "lv": (
        ("cp1257", "iso8859-13"),
        """Nakts upe plūst zem vecā tilta
Es rakstu tavu vārdu mākoņos
Un gaidu, kad tu atgriezīsies no tālienes
Vējš pūš pa tukšo ielu
Vai tu vēl atceries to vasaru
Mēs dziedājām kopā jūras krastā
Laiks paņēma līdzi visus sapņus
Es paliku šeit viens un gaidu""",
    ),
    "lt": (
        ("cp1257", "iso8859-13"),
        """Nakties upė teka po senu tiltu
Rašau tavo vardą ant debesų
Ir laukiu, kol grįši iš toli
Vėjas pučia tuščia gatve
Ar dar prisimeni tą vasarą
Dainavome kartu prie jūros
Laikas išsinešė visas svajones
Likau čia vienas ir vis laukiu""",
    ),
    "et": (
        ("cp1257", "cp1252"),
        """Öine jõgi voolab vana silla all
Kirjutan su nime valgele pilvele
Ja ootan, et sa kaugelt tagasi tuleksid
Tuul puhub tühjal tänaval
Kas sa mäletad veel seda suve
Me laulsime koos mere ääres
Aeg võttis kaasa kõik unistused
Jäin siia üksi ja ootan veel""",
    ),
    "de": (
        ("cp1252", "latin-1", "cp850", "mac-roman"),
        """Der nächtliche Fluß zieht unter der alten Brücke
Ich schreibe deinen Namen in die Wolken
Und warte, bis du aus der Ferne kommst
Der Wind weht über leere Straßen
Weißt du noch, wie schön der Sommer war
Wir sangen Lieder über dem grünen Meer
Die Zeit nahm all die Träume für sich
Ich blieb zurück und höre nur die Stille""",
    ),
    "fr": (
        ("cp1252", "latin-1", "iso8859-15", "cp850", "mac-roman"),
        """La rivière de la nuit coule sous le vieux pont
J'écris ton nom sur un nuage léger
Et j'attends que tu reviennes de là-bas
Le vent souffle sur la rue déserte
Te souviens-tu encore de cet été
Où nous chantions ensemble près des flots
Le temps a emporté tous nos rêves
Je suis resté tout seul à t'espérer""",
    ),
    "es": (
        ("cp1252", "latin-1", "mac-roman"),
        """El río de la noche corre bajo el puente viejo
Escribo tu nombre sobre una nube
Y espero que vuelvas algún día de allá
El viento sopla por la calle vacía
¿Recuerdas todavía aquel verano?
Cantábamos juntos a la orilla del mar
El tiempo se llevó todos los sueños
Y mañana quizás el corazón te olvidará""",
    ),
    "pt": (
        ("cp1252", "latin-1"),
        """O rio da noite corre sob a ponte antiga
Escrevo o teu nome numa nuvem, coração
E espero que voltes de lá, meu amor
O vento sopra na rua que está vazia
Será que ainda te lembras daquele verão
Cantávamos juntos à beira do mar
O tempo levou todos os nossos sonhos
Fiquei aqui sozinho até amanhã de manhã""",
    ),
    "sv": (
        ("cp1252", "latin-1"),
        """Nattens älv går under den gamla bron
Jag skriver ditt namn på ett moln så lätt
Och väntar på att du kommer från fjärran
Vinden blåser på den öde vägen
Minns du ännu den där sommaren
Vi sjöng tillsammans vid havets strand
Tiden tog med sig alla drömmar
Jag blev kvar här ensam och väntar än""",
    ),
    "da": (
        ("cp1252", "latin-1"),
        """Nattens å går under den gamle bro
Jeg skriver dit navn på en sky så let
Og venter på at du når hjem fra det fjerne
Vinden blæser gennem den øde gade
Husker du stadig den sommer så lys
Vi sang sammen ved havets bølger
Tiden tog alle drømme med sig
Jeg står her endnu og kan ikke gå""",
    ),
    "fi": (
        ("cp1252", "latin-1"),
        """Yön joki virtaa vanhan sillan alla
Kirjoitan nimesi pilven päälle
Ja odotan, että palaat kaukaa tänne
Tuuli käy läpi tyhjän kadun
Vieläkö muistat sen kesän, ystävä
Lauloimme yhdessä meren äärellä
Aika vei mukanaan kaikki unelmat
Jäin tänne yksin ja yhä sinua ikävöin""",
    ),
    "is": (
        ("cp1252", "latin-1"),
        """Nóttin er hljóð og áin rennur undir brúna
Ég skrifa nafnið þitt á skýin hvít
Og bíð þess að þú komir heim á ný
Vindurinn blæs um auða götu
Manstu ennþá sumarið góða
Við sungum saman þar við hafið
Tíminn tók með sér alla drauma
Ég varð hér eftir einn og bíð þín enn""",
    ),
    "it": (
        ("cp1252", "latin-1"),
        """Il fiume della notte va più giù del vecchio ponte
Scrivo il tuo nome là sopra una nuvola
E aspetto che tu torni perché ti voglio già
Il vento soffia nella strada, è tardi ormai
Ricordi ancora quell'estate che non tornerà
Cantavamo insieme vicino alla città
Il tempo portò via tutti i sogni
Però io sono qui, da solo, e così sarà""",
    ),
}
