"""Articles out of the rows of a file: every row is taken or named, nothing is silently changed.

The rule for codes: the article number (货号) is the article's own code and its id, and a barcode column beside it is
its own too (rank 0); shop codes (自编码) and additional codes (附加码) are aliases (rank 1). An own code always wins:
an alias that equals another article's own code is not registered, and a note says so. An alias that several
articles share and nobody owns stays on all of them; the till calls it ambiguous. Blanks around a value are no part
of it, and neither are a currency sign or thousands separators of an amount.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from posapp.errors import PosError
from posapp.hq.imports import LONGEST_CELL, Numeric, Row
from posapp.hq.remarks import Refused, Remark, Words
from posapp.money import LARGEST, Money
from posapp.rules.codes import clean

NAMES = {
    "code": "货号 商品编码 商品编号 商品代码 商品货号 编码 编号 itemcode productcode code sku plu".split(),
    "barcode": "商品条码 条码 条形码 国际条码 国条码 barcode ean ean13 upc gtin".split(),
    "own": "自编码 自编号 店内码 店内编码 内部编码 shopcode owncode".split(),
    "more": "附加码 多条码 一品多码 扩展条码 辅助条码 morecodes aliases".split(),
    "name": "品名 商品名称 名称 商品名 商品全名 产品名称 name productname itemname description".split(),
    "unit": "单位 计量单位 销售单位 基本单位 unit uom".split(),
    "price": "零售价 售价 销售价 零售价格 销售价格 标准售价 单价 retailprice sellingprice unitprice price".split(),
    "member": "会员价 会员价格 会员售价 vip价 memberprice".split(),
    "lowest": "最低售价 最低零售价 最低价 lowestprice minprice minimumprice".split(),
    "cost": "进货价 进价 成本价 成本 采购价 cost costprice purchaseprice".split(),
    "weighed": "计价方式 称重 是否称重 称重商品 weighed sellby".split(),
    "discountable": "允许折扣 可折扣 是否打折 允许打折 参与打折 discountable".split(),
    "bargain": "前台议价 允许议价 可议价 是否议价 bargain".split(),
    "points": "是否积分 允许积分 参与积分 积分商品 points".split(),
    "category_code": "类别编码 分类编码 类别编号 分类编号 categorycode".split(),
    "category": "类别名称 分类名称 商品分类 商品类别 类别 分类 category".split(),
    "tax": "销项税 销项稅 销项税率 销项稅率 税率 增值税率 taxrate tax vat".split(),
    "initials": "助记码 拼音码 拼音简码 速记码 mnemonic initials".split(),
    "spec": "规格 规格型号 spec specification size".split(),
    "origin": "产地 原产地 origin".split(),
}
"""Our fields and the column names other systems give them."""

# "a|b": one of the two must be there.
REQUIRED = ("code|barcode", "name", "price")

LONGEST_CODE, LONGEST_NAME, LONGEST_TEXT, MOST_CODES = 64, 120, 60, 20

_MANGLED = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,10})?|\.\d{1,10}")
_TAX_WORDS = {"免税": "exempt", "免征": "exempt", "exempt": "exempt", "不征税": "none", "none": "none", "零税率": "0"}
_YES = frozenset({"√", "是", "y", "yes", "1", "true", "t", "✓", "✔", "允许"})
_NO = frozenset({"□", "否", "n", "no", "0", "false", "f", "×", "不允许"})
_BY_WEIGHT = frozenset({"计重", "称重", "散称", "重量", "按重量", "weight", "kg"})
_BY_PIECE = frozenset({"普通", "计件", "计数", "定重", "按件", "标准", "piece"})

REMARKS: dict[str, Words] = {
    # why a row is refused
    "missing_code": ("没有货号", "has no code"),
    "missing_name": ("没有品名", "has no name"),
    "duplicate_code": ("货号 {value} 与第 {row} 行重复", "repeats the code {value} of row {row}"),
    "mangled_code": ("货号 {value} 已被表格软件改成科学计数", "its code {value} was mangled by a spreadsheet"),
    "bad_characters": ("{field} 含有控制字符或不可见字符", "{field} holds control or invisible characters"),
    "too_long": ("{field} 超过 {most} 个字符", "{field} is longer than {most} characters"),
    "bad_price": ("零售价 {value} 不正确", "{value} is no price"),
    "bad_tax": ("税率 {value} 不认识", "{value} is no tax rate"),
    # what was dropped, altered or looks wrong in a row that is taken
    "no_price": ("零售价为 0,未定价", "a price of 0 is taken as not priced yet"),
    "amount_dropped": ("{field} {value} 不正确,未采用", "{field} {value} is no amount and was left out"),
    "cost_rounded": ("进货价 {value} 已四舍五入到分", "its cost {value} was rounded to the fen"),
    "member_above_price": ("会员价 {value} 高于零售价", "its member price {value} is above the price"),
    "lowest_above_price": ("最低售价 {value} 高于零售价", "its lowest price {value} is above the price"),
    "tax_missing": ("没有税率,按不征税处理", "has no tax rate; taken as outside VAT"),
    "tax_unusual": ("税率 {value} 少见,请核对", "its tax rate {value} is unusual; check it"),
    "unit_missing": ("没有单位,按 {value} 处理", "has no unit; taken as {value}"),
    "word_unknown": ("{field} {value} 不认识,按 {taken} 处理", "{field} {value} is not known; taken as {taken}"),
    "alias_owned": (
        "附加码 {value} 是 {owner} 的货号,未登记",
        "its alias {value} is the own code of {owner}; left out",
    ),
    "alias_shared": ("附加码 {value} 由 {count} 个商品共用", "{count} articles share its alias {value}"),
    "alias_dropped": ("附加码 {value} 无法使用,未登记", "its alias {value} cannot be used; left out"),
    "barcode_owned": (
        "条码 {value} 是 {owner} 的货号,未登记",
        "its barcode {value} is the own code of {owner}; left out",
    ),
    "check_digit": ("{value} 的校验位不对", "the check digit of {value} is wrong"),
    "numeric_code": ("货号是数字格式,开头的 0 可能已丢失", "its code is a number; leading zeros may have been lost"),
    "text_dropped": ("{field} 含有控制字符或太长,未采用", "{field} holds control characters or is too long; left out"),
}
"""What a report says of a row, in Chinese and English."""


class Product(NamedTuple):
    """An article as read: amounts in fen (0: none), yes and no as 1 and 0. own: its own codes, the id first."""

    row: int
    own: tuple[str, ...]
    aliases: tuple[str, ...]
    name: str
    unit: str
    tax: str
    weighed: int
    discountable: int
    bargain: int
    points: int
    category_code: str
    category: str
    spec: str
    origin: str
    initials: str
    price: int
    member: int
    lowest: int
    cost: int

    @property
    def id(self) -> str:
        return self.own[0]


class _Reader:
    """Reads one row's cells and keeps what there is to note."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.code = ""
        self.notes: list[Remark] = []

    def note(self, reason: str, **values: str | int) -> None:
        self.notes.append(Remark(self.row.number, self.code, reason, values, REMARKS[reason]))

    def cell(self, name: str) -> str:
        return self.row.cells.get(name, "").strip()

    def shown(self, name: str) -> str:
        return NAMES[name][0]

    def needed(self, name: str, most: int) -> str:
        text = self.cell(name)
        if not text:
            raise Refused(f"missing_{name}")
        if clean(text) is None and len(text) <= most:
            raise Refused("bad_characters", field=self.shown(name))
        if len(text) > most:
            raise Refused("too_long", field=self.shown(name), most=most)
        return text

    def text(self, name: str) -> str:
        """Words that matter less than the article: left out with a note when they cannot be kept."""
        text = self.cell(name)
        if len(text) > LONGEST_TEXT or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
            self.note("text_dropped", field=self.shown(name))
            return ""
        return text

    def yes(self, name: str) -> int:
        text = self.cell(name).casefold()
        if text and text not in _YES and text not in _NO:
            self.note("word_unknown", field=self.shown(name), value=text[:20], taken="是 yes")
        return 0 if text in _NO else 1

    def weighed(self) -> int:
        text = self.cell("weighed").casefold()
        if text in _BY_WEIGHT or text in _YES:
            return 1
        if text and text not in _BY_PIECE and text not in _NO:
            self.note("word_unknown", field=self.shown("weighed"), value=text[:20], taken="普通 piece")
        return 0

    def price(self) -> int:
        try:
            fen = _fen(self.cell("price"))
        except ValueError:
            raise Refused("bad_price", value=self.cell("price")[:30]) from None
        if fen == 0:
            self.note("no_price")
        return fen

    def amount(self, name: str) -> int:
        text = self.cell(name)
        if not text:
            return 0
        try:
            return _fen(text)
        except ValueError:
            if name == "cost" and (number := _number(text)) is not None:
                self.note("cost_rounded", value=text[:30])
                return int((number * 100).to_integral_value("ROUND_HALF_UP"))
            self.note("amount_dropped", field=self.shown(name), value=text[:30])
            return 0

    def tax(self) -> str:
        text = unicodedata.normalize("NFKC", self.cell("tax"))
        if not text:
            self.note("tax_missing")
            return "none"
        if text in _TAX_WORDS:
            return _TAX_WORDS[text]
        number = _number(text.removesuffix("%").strip())
        if number is None:
            raise Refused("bad_tax", value=text[:20])
        # 13 and 13% are 0.13; what is below 1 without a percent sign is the rate itself.
        if text.endswith("%") or number >= 1:
            number /= 100
        rate = format(number.normalize(), "f")
        if number >= 1 or len(rate) > 8:
            raise Refused("bad_tax", value=text[:20])
        if number > Decimal("0.3"):
            self.note("tax_unusual", value=rate)
        return rate

    def codes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The article's own codes, its id first, and its aliases."""
        column = "code" if "code" in self.row.cells else "barcode"
        if not self.cell(column):
            raise Refused("missing_code")
        self.code = code = self.needed(column, LONGEST_CODE)
        numeric = isinstance(self.row.cells[column], Numeric)
        # A spreadsheet's number keeps fifteen digits.
        if _MANGLED.fullmatch(code) or (numeric and len(code) > 15):
            raise Refused("mangled_code", value=code[:30])
        if numeric:
            self.note("numeric_code")
        if len(code) == 13 and code.isascii() and code.isdigit() and not _ean_fits(code):
            self.note("check_digit", value=code)
        own = [code]
        if column == "code":
            own += [other for other in self._usable([self.cell("barcode")]) if other != code]
        words = re.split(r"[\s,;，；、]+", self.cell("more"))
        aliases = [other for other in self._usable([self.cell("own"), *words]) if other not in own]
        return tuple(own), tuple(aliases)

    def _usable(self, codes: Iterable[str]) -> list[str]:
        usable = []
        for code in dict.fromkeys(code for code in codes if code):
            if clean(code) != code or len(code) > LONGEST_CODE or _MANGLED.fullmatch(code):
                self.note("alias_dropped", value=code[:30])
            else:
                usable.append(code)
        for code in usable[MOST_CODES:]:
            self.note("alias_dropped", value=code[:30])
        return usable[:MOST_CODES]

    def product(self) -> Product:
        for name, text in self.row.cells.items():
            if len(text) > LONGEST_CELL:
                raise Refused("too_long", field=self.shown(name), most=LONGEST_CELL)
        own, aliases = self.codes()
        name = self.needed("name", LONGEST_NAME)
        weighed = self.weighed()
        unit = self.text("unit")
        if not unit:
            unit = "kg" if weighed else "个"
            self.note("unit_missing", value=unit)
        price, member, lowest = self.price(), self.amount("member"), self.amount("lowest")
        if member > price > 0:
            self.note("member_above_price", value=str(Money(member)))
        if lowest > price > 0:
            self.note("lowest_above_price", value=str(Money(lowest)))
        return Product(
            row=self.row.number,
            own=own,
            aliases=aliases,
            name=name,
            unit=unit,
            tax=self.tax(),
            weighed=weighed,
            discountable=self.yes("discountable"),
            bargain=self.yes("bargain"),
            points=self.yes("points"),
            category_code=self.text("category_code"),
            category=self.text("category"),
            spec=self.text("spec"),
            origin=self.text("origin"),
            initials=self.text("initials").casefold(),
            price=price,
            member=member,
            lowest=lowest,
            cost=self.amount("cost"),
        )


def _number(text: str) -> Decimal | None:
    text = unicodedata.normalize("NFKC", text).strip().lstrip("¥$").strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    return Decimal(text) if text.isascii() and _NUMBER.fullmatch(text) else None


def _fen(text: str) -> int:
    """Whole fen of an amount such as 6.5, ￥6.50 or 1,234.00. Raises ValueError: no amount, or parts of a fen."""
    number = _number(text)
    if number is None or number * 100 % 1 or number * 100 > LARGEST:
        raise ValueError(text)
    return int(number * 100)


def _ean_fits(code: str) -> bool:
    """GS1 General Specifications 7.9.1."""
    digits = [int(digit) for digit in reversed(code)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def read_products(rows: Iterable[Row]) -> tuple[list[Product], list[Remark], list[Remark]]:
    """The products of a file, the refused rows and the notes. Aliases are judged by own_codes_win() afterwards."""
    products: list[Product] = []
    refused: list[Remark] = []
    notes: list[Remark] = []
    first_row: dict[str, int] = {}
    for row in rows:
        reader = _Reader(row)
        try:
            product = reader.product()
            if product.id in first_row:
                raise Refused("duplicate_code", value=product.id, row=first_row[product.id])
        except Refused as error:
            refused.append(Remark(row.number, reader.code, error.reason, error.values, REMARKS[error.reason]))
        except PosError:
            refused.append(
                Remark(row.number, reader.code, "bad_price", {"value": reader.cell("price")[:30]}, REMARKS["bad_price"])
            )
        else:
            first_row[product.id] = row.number
            products.append(product)
            notes += reader.notes
    return products, refused, notes


def own_codes_win(products: list[Product], elsewhere: set[str]) -> tuple[list[Product], list[Remark]]:
    """The products without the aliases that other articles own, and what there is to note.

    elsewhere: ids of articles that are not in the file but known where it is for.
    """
    ids = {product.id for product in products} | elsewhere
    barcodes: dict[str, list[str]] = defaultdict(list)
    sharers: dict[str, int] = defaultdict(int)
    for product in products:
        for code in product.own[1:]:
            barcodes[code].append(product.id)
        for code in product.aliases:
            sharers[code] += 1
    judged, notes = [], []
    for product in products:
        own, aliases = [product.id], []
        for code in product.own[1:]:
            if code in ids:
                notes.append(_owned("barcode_owned", product, code, code))
            elif len(barcodes[code]) > 1:
                # Nobody's own, then: everybody's alias.
                aliases.append(code)
                notes.append(_shared(product, code, len(barcodes[code])))
            else:
                own.append(code)
        for code in product.aliases:
            owners = [code] if code in ids else [owner for owner in barcodes.get(code, []) if owner != product.id]
            if code in ids or len(owners) == 1:
                notes.append(_owned("alias_owned", product, code, owners[0]))
                continue
            aliases.append(code)
            if sharers[code] > 1:
                notes.append(_shared(product, code, sharers[code]))
        judged.append(product._replace(own=tuple(own), aliases=tuple(dict.fromkeys(aliases))))
    return judged, notes


def _owned(reason: str, product: Product, code: str, owner: str) -> Remark:
    return Remark(product.row, product.id, reason, {"value": code, "owner": owner}, REMARKS[reason])


def _shared(product: Product, code: str, count: int) -> Remark:
    return Remark(product.row, product.id, "alias_shared", {"value": code, "count": count}, REMARKS["alias_shared"])


def spell(name: str) -> tuple[str, str]:
    """A name's pinyin, syllables apart ("fa shi niu jiao bao"), and initials ("fsnjb"). 绿 is lv.

    What is not Chinese stays as it is, in half width and lower case, and counts whole among the initials.
    """
    # Loaded here: it takes 50 MB, and only imports need it.
    from pypinyin import lazy_pinyin

    parts: list[tuple[str, bool]] = []

    def foreign(run: str) -> list[str]:
        return ["\0" + word for word in re.findall(r"\w+", run)] or ["\0"]

    for part in lazy_pinyin(unicodedata.normalize("NFKC", name).casefold(), errors=foreign):  # type: ignore[arg-type]
        if part.startswith("\0"):
            if len(part) > 1:
                parts.append((part[1:], False))
        else:
            parts.append((part, True))
    pinyin = " ".join(part for part, _ in parts)
    return pinyin, "".join(part[0] if chinese else part for part, chinese in parts)
