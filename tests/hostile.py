"""Inputs that broke such systems before, for every parameter of every operation."""

# ruff: noqa: E501
VALUES = [
    "", " ", "0", "-1", "1", "00", "+1", "1.5", "1e400", "-1e400", "NaN", "nan", "Infinity", "-inf", "1_000", "0x10",
    "9" * 30, "-" + "9" * 30, "9" * 5000, str(2**31), str(2**63), str(-(2**63) - 1), "١٢٣", "²", "½", "１２",
    "true", "false", "True", "yes", "null", "None", "undefined", "[]", "{}", "[1,2]", '{"a": 1}', '"', "'", "`", "\\",
    "' OR 1=1 --", "'; DROP TABLE alliance_city; --", "1) OR (1=1", "%", "_", "%%", "%s", "%(x)s", "{0}", "{{7*7}}",
    "${7*7}", "<script>alert(1)</script>", "\"><img src=x onerror=1>", "../../etc/passwd", "..%2f..%2f", "file:///etc",
    "http://127.0.0.1/", "\t", "\n", "\r\nX-Injected: 1", "\x01", "\x1f", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff",
    "\ufffd", "\U0001f916", "e\u0301" * 50, "谐波减速器", "谐", "ẞ", "İ", "ﬀ", "a" * 10_000, "谐" * 5_000, " " * 1000,
    "0000-00-00", "2026-02-30", "2026-13-01", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-11-21T25:00",
    "2026-11-21T00:00:00+99:99", "20261121", "2026-W47-6", "99999", "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "{00000000-0000-0000-0000-000000000000}", "urn:uuid:0", "g" * 36,
    "0" * 32, "::1", "::ffff:1.2.3.4", "1.2.3.4/99", "a,b", ",", ";", "a;b", "a&b", "*", ".", "..", "/", "//", "?", "#", "~",
    "(?P<x>", "(a+)+$", "[[", "pk", "id", "-id", "--id", "owner__password", "user__password", "id__gt", "__class__",
    "cursor", "W10:abc", ":", "....", "eyJhIjoxfQ:sig", ".eJw:x", "AAAA", "=", "==", "on", "off", "\ud7ff", "\ue000",
]  # fmt: skip

#: whole query strings, raw
QUERIES = [
    "a=%00", "%00=1", "a=%ff%fe", "a=%ed%a0%80", "a=%c0%80", "a=%", "a=%zz", "a=%u1234", "&&&&", "====", "a=1&a=2",
    "limit=1&limit=2", "limit=999999999999999999999", "limit=-1", "limit=201", "limit=0", "limit=1.0", "limit=%D9%A1",
    "cursor=", "cursor=%F0%9F%A4%96", "cursor=a:b:c", "cursor=.:.", "ordering=id", "order_by=1", "sort=-id", "sort=password",
    "fields=*", "include=owner", "expand=contact", "format=csv", "format=xml", "page=2", "offset=10", "id__regex=.*",
    "q__icontains=a", "alliance__slug=north", "demand__owner=1", "owner=1.5", "year=0", "year=99999",
    "&".join(f"p{i}=1" for i in range(1500)), "q=" + "%2B" * 3000, "[]=1", "a[b]=1", "a[]=1&a[]=2", "a.b=1",
]  # fmt: skip

#: bodies for operations that take one
BODIES: list[bytes] = [
    b"", b" ", b"null", b"true", b"1", b'"x"', b"[]", b"[[]]", b"{", b"}", b"{]", b'{"a":}', b'{"a":1,}', b"{'a':1}",
    b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\x00", b'{"a":"\x00"}', b'{"name":"\\u0000"}', b'{"name":"\\ud800"}',
    b'{"\\ud800":1}', b'{"a":1,"a":2}', b'{"days":1e400}', b'{"days":NaN}', b'{"days":Infinity}', b'{"days":-Infinity}',
    b'{"days":1.5}', b'{"days":"5"}', b'{"days":true}', b'{"days":' + b"9" * 5000 + b"}", b'{"days":99999999999999999999}',
    b"[" * 5000 + b"]" * 5000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[" + b"1," * 30_000 + b"1]",
    b'{"name":"' + b"a" * 200_000 + b'"}', b'{"name":1}', b'{"name":[]}', b'{"name":{}}', b'{"name":null}', b'{"scopes":"read"}',
    b'{"scopes":["root"]}', b'{"scopes":[[]]}', b'{"scopes":{}}', b'{"name":"x","scopes":["read"],"days":1,"user":1}',
    b'{"name":"x","scopes":["read"],"days":1,"is_superuser":true}', b'{"alliance":1}', b'{"alliance":null}', b'{"alliance":[]}',
    b'{"alliance":{"slug":"north"}}', b'{"alliance":"nothing"}', b'{"alliance":"\'; --"}', b'{"alliance":""}', b'{"demand":5}',
    b'{"demand":1.5}', b'{"demand":"x"}', b'{"demand":"00000000-0000-0000-0000-000000000000"}', b'{"demand":null}',
    b'{"alliance":"north","demand":"00000000-0000-0000-0000-000000000000"}', b'{"alliance":"north","as_of":5}',
    b'{"alliance":"north","as_of":"2026-02-30"}', b'{"alliance":"north","as_of":"0000-00-00"}', b'{"alliance":"north","as_of":[]}',
    b'{"alliance":"north","as_of":"9999-12-31T"}', b'{"alliance":"north","state":"finished"}', b"a=1&b=2", b"<xml/>",
]  # fmt: skip

TYPES = ["application/json", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
         "", "nonsense", "application/json; charset=utf-16", "application/json; charset=\x7f"]  # fmt: skip
