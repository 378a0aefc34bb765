"""A made-up company in 纷享销客: one customer whose records are written out, and others by chance."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from tests.configs.exports import Record, write_export

CUSTOMERS = (
    "客户名称",
    "客户编号",
    "客户级别",
    "来源",
    "1级行业",
    "省",
    "市",
    "成交状态",
    "最后跟进时间",
    "负责人",
    "创建时间",
)
ORDERS = (
    "销售订单编号",
    "客户名称",
    "业务类型",
    "下单日期",
    "产品合计",
    "整单折扣",
    "销售订单金额(元)",
    "生命状态",
    "负责人",
    "创建时间",
)
RETURNS = ("退货单编号", "客户名称", "销售订单编号", "退货日期", "退货金额(元)", "退货原因", "生命状态", "创建时间")
RECORDS = ("客户名称", "互动场景", "互动类型", "销售记录内容", "创建人", "创建时间")
VISITS = ("客户", "外勤场景", "负责人", "计划日期", "签到时间", "沟通记录")
TICKETS = ("工单编号", "客户名称", "工单类型", "处理人", "创建时间", "完成时间")

FIRST, LAST = datetime(2024, 1, 1), datetime(2025, 6, 30)
NUMBER, NAME = "C0001", "北京艾达商贸有限公司"


def write_fenxiang_exports(folder: Path, *, encoding: str, customers: int = 60, seed: int = 0) -> None:
    """All objects, as a Chinese Excel saves them: gbk, or utf-8-sig for UTF-8 with a byte order mark.

    GBK has no ¥, only the wide ￥.
    """
    rng = random.Random(seed)
    made = [_made_up(rng, number) for number in range(customers)]
    names = [str(customer["客户名称"]) for customer in made]
    for name, headers, records in (
        ("客户", CUSTOMERS, [_HERSELF, *made]),
        ("销售订单", ORDERS, [*_HER_ORDERS, *_made_up_orders(rng, names)]),
        ("退货单", RETURNS, [*_HER_RETURNS, *_made_up_returns(rng, names)]),
        ("销售记录", RECORDS, [*_HER_RECORDS, *_made_up_records(rng, names)]),
        ("高级外勤", VISITS, [*_HER_VISITS, *_made_up_visits(rng, names)]),
        ("工单", TICKETS, [*_HER_TICKETS, *_made_up_tickets(rng, names)]),
    ):
        if encoding == "gbk":
            records = [{key: str(value).replace("¥", "￥") for key, value in record.items()} for record in records]
        write_export(folder / f"{name}.csv", headers, records, encoding=encoding)


_HERSELF: Record = {"客户名称": NAME, "客户编号": NUMBER, "客户级别": "重要客户", "来源": "转介绍", "1级行业": "批发零售", "省": "北京市", "成交状态": "多次成交", "创建时间": "2024/1/10 9:05"}  # fmt: skip
_HER_ORDERS: list[Record] = [
    {"销售订单编号": "SO-1", "客户名称": NAME, "业务类型": "直销", "下单日期": "2024/3/1", "销售订单金额(元)": "¥1,234.50", "生命状态": "正常", "创建时间": "2024/3/1 10:20"},
    {"销售订单编号": "SO-2", "客户名称": NAME, "业务类型": "直销", "下单日期": "2025/6/1", "销售订单金额(元)": "￥765.5", "生命状态": "变更中", "创建时间": "2025/6/3 9:00"},
    {"销售订单编号": "SO-3", "客户名称": NAME, "业务类型": "直销", "下单日期": "2025/6/20", "销售订单金额(元)": "¥9,999.00", "生命状态": "作废", "创建时间": "2025/6/20 9:00"},
    {"销售订单编号": "SO-4", "客户名称": NAME, "业务类型": "直销", "下单日期": "待定", "销售订单金额(元)": "¥10.00", "生命状态": "正常", "创建时间": "2025/6/21 9:00"},
    {"销售订单编号": "SO-5", "客户名称": NAME, "业务类型": "直销", "下单日期": "2025/6/22", "销售订单金额(元)": "面议", "生命状态": "正常", "创建时间": "2025/6/22 9:00"},
]  # fmt: skip
_HER_RETURNS: list[Record] = [
    {"退货单编号": "RG-1", "客户名称": NAME, "销售订单编号": "SO-1", "退货日期": "2024/3/11", "退货金额(元)": "¥234.50", "退货原因": "破损", "生命状态": "正常", "创建时间": "2024/3/11 8:00"},
]  # fmt: skip
_HER_RECORDS: list[Record] = [
    {"客户名称": NAME, "互动类型": "打电话", "销售记录内容": "确认收货，对包装不满意", "创建时间": "2025/6/20 14:05"},
    {"客户名称": NAME, "互动类型": "现场拜访", "创建时间": "2025/6/25 9:30"},
]
_HER_VISITS: list[Record] = [
    {"客户": NAME, "外勤场景": "拜访", "签到时间": "2025/6/25 9:12"},
    {"客户": NAME, "外勤场景": "拜访", "计划日期": "2025/7/20"},
]
_HER_TICKETS: list[Record] = [
    {"工单编号": "GD-1", "客户名称": NAME, "工单类型": "客户投诉", "创建时间": "2025/5/10 11:00", "完成时间": "2025/5/13 9:00"},
    {"工单编号": "GD-2", "客户名称": NAME, "工单类型": "客户投诉", "创建时间": "2025/6/29 15:00"},
    {"工单编号": "GD-3", "客户名称": NAME, "工单类型": "安装", "创建时间": "2025/6/10 15:00", "完成时间": "2025/6/12 10:00"},
]  # fmt: skip


def _made_up(rng: random.Random, number: int) -> Record:
    created = FIRST + timedelta(days=rng.randint(0, 60), minutes=rng.randint(500, 1000))
    return {"客户名称": f"客户{number}有限公司", "客户编号": f"C{1000 + number}", "客户级别": rng.choice(["重要客户", "普通客户", ""]), "来源": rng.choice(["展会", "陌拜"]), "1级行业": rng.choice(["制造", "批发零售"]), "省": rng.choice(["北京市", "广东省"]), "成交状态": "已成交", "创建时间": _minute(created)}  # fmt: skip


def _made_up_orders(rng: random.Random, names: list[str]) -> list[Record]:
    orders: list[Record] = []
    for number in range(400):
        at = _time(rng) if number else LAST
        orders.append({"销售订单编号": f"SO-{1000 + number}", "客户名称": rng.choice(names), "业务类型": rng.choice(["直销", "渠道"]), "下单日期": _day(at), "销售订单金额(元)": f"¥{rng.randint(100, 90_000):,}.00", "生命状态": rng.choice(["正常", "正常", "正常", "审核中"]) if number else "正常", "创建时间": _minute(at)})  # fmt: skip
    return orders


def _made_up_returns(rng: random.Random, names: list[str]) -> list[Record]:
    times = [_time(rng) for _ in range(30)]
    return [{"退货单编号": f"RG-{1000 + n}", "客户名称": rng.choice(names), "销售订单编号": f"SO-{1000 + n}", "退货日期": _day(at), "退货金额(元)": f"¥{rng.randint(10, 2_000):,}.00", "生命状态": "正常", "创建时间": _minute(at)} for n, at in enumerate(times)]  # fmt: skip


def _made_up_records(rng: random.Random, names: list[str]) -> list[Record]:
    return [{"客户名称": rng.choice(names), "互动类型": rng.choice(["打电话", "邮件", "在线聊天", "现场拜访"]), "创建时间": _minute(_time(rng))} for _ in range(300)]  # fmt: skip


def _made_up_visits(rng: random.Random, names: list[str]) -> list[Record]:
    return [{"客户": rng.choice(names), "外勤场景": "拜访", "签到时间": _minute(_time(rng))} for _ in range(200)]


def _made_up_tickets(rng: random.Random, names: list[str]) -> list[Record]:
    tickets: list[Record] = []
    for number in range(200):
        at = _time(rng)
        tickets.append({"工单编号": f"GD-{1000 + number}", "客户名称": rng.choice(names), "工单类型": rng.choice(["客户投诉", "安装", "维修"]), "创建时间": _minute(at), "完成时间": _minute(at + timedelta(days=rng.randint(1, 9)))})  # fmt: skip
    return tickets


def _time(rng: random.Random) -> datetime:
    return FIRST + timedelta(minutes=rng.randrange(int((LAST - FIRST).total_seconds() // 60)))


def _day(at: datetime) -> str:
    return f"{at.year}/{at.month}/{at.day}"


def _minute(at: datetime) -> str:
    return f"{_day(at)} {at.hour}:{at.minute:02}"
