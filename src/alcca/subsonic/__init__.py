"""OpenSubsonic, the protocol of music players, to browse, play and read the lyrics of a library. Nothing is changed.

``calls`` lists what may be asked (``browsing``, ``lyrics``, ``files``), ``credentials`` says by whom; ``catalogue`` is
a library by artist and album. ``answers`` writes XML and JSON. The server takes the requests.

Imports from: _version, errors, media, search, songs, store, texts.
"""
