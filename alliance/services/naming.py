"""How names are sorted: the servers know no Chinese collation, so a stored pinyin column does it."""

from pypinyin import lazy_pinyin


def sort_key(name_zh: str, name_en: str) -> str:
    """Pinyin of the Chinese name (the English one where there is none), lower case, cut to the column."""
    return " ".join(lazy_pinyin(name_zh or name_en)).lower()[:600]
