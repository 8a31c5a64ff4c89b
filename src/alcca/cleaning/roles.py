"""The names of what people do for a song, in the languages in which credits are written."""

__all__ = ["BY", "COMPANIONS", "HAN", "HAN_PARTS", "ROLES", "SINGLE"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Parts of roles in Han, kana and Hangul: 制作人, 和声编写, 弦乐录音室 are made of them.
HAN = _words("""
    词 詞 曲 歌 唄 唱 鼓 绘 绘画 作词 作詞 作曲 词曲 詞曲 词作 詞作 曲作 填词 填詞 原词 原詞 原曲 原作 原唱 编曲
    編曲 改编 改編 演唱 翻唱 主唱 领唱 伴唱 合唱 独唱 歌手 歌名 歌曲 曲名 曲目 专辑 專輯 收录 收錄 演奏 乐队
    樂隊 指挥 指揮 制作 製作 制作人 製作人 制作公司 製作公司 监制 監製 监棚 出品 出品人 出品方 发行 發行 发行方
    发行人 版权 版權 著作权 混音 混音师 混音師 缩混 母带 母帶 录音 錄音 录音师 錄音師 录音室 錄音室 录音棚 录制
    配唱 和声 和聲 和音 合音 吉他 吉他手 贝斯 貝斯 贝司 鼓手 键盘 鍵盤 钢琴 鋼琴 弦乐 弦樂 管乐 管樂 打击乐
    打擊樂 小提琴 中提琴 大提琴 低音提琴 长笛 長笛 竹笛 笛子 箫 萨克斯 薩克斯 小号 長號 长号 圆号 双簧管 单簧管
    口琴 手风琴 竖琴 二胡 古筝 古箏 琵琶 古琴 扬琴 唢呐 马头琴 尤克里里 合成器 編程 编程 采样 采樣 音效 音色
    音频 音訊 音乐 音樂 后期 後期 策划 策劃 企划 企劃 统筹 統籌 推广 推廣 宣传 宣傳 宣发 营销 營銷 美工 美术
    美術 海报 封面 字幕 译者 歌词 歌詞 歌词作者 总监制 監督 编写 編寫 修音 音准 调音 調音 校对 校對 工程师
    工程師 厂牌 廠牌 伴奏 主题曲 主題曲 片头曲 片尾曲 插曲 推广曲 词曲版权 录音版权 うた 歌唱 歌い手 作詞者
    作曲者 編曲者 アーティスト 歌手名 収録 アルバム ボーカル ヴォーカル コーラス ギター ベース ドラム ドラムス
    ピアノ キーボード ストリングス バイオリン プロデューサー プロデュース ミックス マスタリング エンジニア
    レコーディング アレンジ 調声 調教 翻訳 작사 작곡 편곡 작사가 작곡가 편곡자 노래 가수 보컬 코러스 베이스 드럼
    건반 피아노 프로듀서 믹싱 마스터링 녹음 앨범 원곡 아티스트
""")
# Other parts of such roles, which alone could be sung before a colon.
HAN_PARTS = _words("""
    总 總 副 主 首席 执行 執行 助理 助手 项目 項目 艺人 藝人 艺术 藝術 总监 總監 经理 經理 经纪 協力 协力 特别
    特別 鸣谢 感谢 支持 指导 指導 顾问 顧問 声音 人声 人聲 视觉 文案 题字 书法 编排 編排 设备 处理 师 師 人 者
    员 員 室 棚 方 手 团队 團隊 公司 工作室 唱片 文化 传媒 娱乐 平台 独家 獨家 第一 第二 第三 电 電 木 原声 原聲
    民谣 古典 电子 電子 数字 節奏 节奏 主音 低音 演出 表演 主演 影视 影視 电影 電影 电视剧 及 和 与 與 兼 由 の
    と 作者 编辑 編輯 设计 設計 视频 視頻 动画 翻译 翻譯 歌者 标题 標題 联合 聯合 程序 程式 节目 絵 訳 映像 動画
    発売 発売日 イラスト 工程 乐器 民乐 提琴 总策划 乐团 樂團 商务 运营 가사 기타 제작 발매 번역
""")
# Of one letter or two: before a colon, near the beginning or the end.
SINGLE = _words("op sp ar vo. mv pv cv dj mix t. m. t m")
# Words that make a role.
ROLES = _words("""
    lyrics lyric lyricist lyricists words written writer writers songwriter songwriters songwriting composed
    composer composers composition music musician melody arranged arranger arrangement arrangements orchestrated
    orchestration produced producer producers production performed performer vocal vocals vocalist singer
    singers sung artist artists mixed mixing mixer mix mastered mastering engineer engineers engineered recorded
    recording programming programmed guitar guitars bass drum drums percussion piano keyboard keyboards keys
    synth synthesizer synthesizers strings violin viola cello saxophone trumpet trombone flute harmonica organ
    publisher publishers published publishing label copyright copyrights album title song track released release
    isrc tuning tempo bpm transcribed translated translation translator synced synchronised synchronized
    subtitled subbed uploaded uploader submitted remixed remix cover illustration movie film soundtrack starring
    director conductor choir orchestra distributor distribution distributed supervisor coordinator designer
    genre year paroles parolier paroliers auteur auteurs compositeur compositeurs musique interprète interprètes
    arrangeur réalisateur réalisation éditeur éditeurs traduction text texter textdichter musik melodie
    komponist komponisten weise worte satz dichter liedtext songtext interpret produzent produzenten musikverlag
    übersetzung bearbeitung letra letras música musica autor autores autora compositor compositores compositora
    intérprete intérpretes canta cantante productor arreglos composición composição interpretação produção
    produtor versão álbum disco género testo testi autore autori compositore compositori parole interprete
    produttore arrangiamento traduzione tekst muziek componist schrijver musikk låtskriver melodi kompositör
    textförfattare textforfatter sanat sävel säveltäjä sanoittaja sovitus säv san szöveg zene zeneszerző
    szövegíró dalszöveg előadó słowa muzyka sł muz kompozytor wykonawca wykonanie wykonawcy aranżacja hudba
    texty zpěv skladatel versuri muzica muzică compozitor tekstovi muzika glazba aranžman слова музыка музика
    автор авторы композитор композиторы текст исполнитель исполняет исполнение аранжировка муз сл стихи поэт
    альбом продюсер переклад перевод söz sözler müzik beste besteci güfte düzenleme aranje aranjör söyleyen
    yorum şarkıcı albüm στίχοι μουσική ερμηνεία εκτέλεση στιχουργός συνθέτης δίσκος sáng tác nhạc lời trình bày
    pencipta cipt ciptaan penyanyi penulis lagu lirik vokal מילים לחן עיבוד ביצוע שיר זמר הפקה كلمات ألحان الحان
    لحن توزيع غناء شعر تأليف إنتاج مكس ماستر آهنگ خواننده ترانه آهنگساز تنظیم ترانه‌سرا गीतकार संगीतकार गायक
    गायिका संगीत फिल्म गीत स्वर คำร้อง ทำนอง เรียบเรียง เนื้อร้อง ศิลปิน อัลบั้ม key capo
""")
# Words that can accompany them.
COMPANIONS = _words("""
    and & of the by at и і та текста песни слов музыки executive co original additional all lead backing
    background associate assistant chief main studio studios company record records digital analog acoustic
    electric editing editor edited sound audio vocal video art design a r name date title contributor official
    lyrics et de la du des le les par en y e o i und u og och von der die das di del della da do dos na première
    πρώτη originale oryginał cantada piosenki песня на от şarkı bài hát sĩ ca الأغنية וההפקה का की के เพลง orig
    verse n s es er
""")
# What stands between a role and a name, where no colon does.
BY = _words("by par von di por de av af door przez از بواسطة από door tarafından")
