"""The pictures of the README, made from the project itself: the flow of data, and what report and desk look like.

Run by `make pictures` after `make demo`; needs Debian's package chromium.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from features.project import read_project

HERE = Path(__file__).parent
CONFIG = Path("configs/online_retail.toml")
PORT = 3917
ADDRESS = f"http://127.0.0.1:{PORT}"
SEEN = {"width": 1280, "height": 800}


class Box(NamedTuple):
    """A step of the flow: a title, and lines below it."""

    x: int
    y: int
    width: int
    title: str
    lines: tuple[str, ...]
    fill: str


HEIGHT, LINE = 132, 19
RAW, CODE, OUT = "#eef2f6", "#dcebf2", "#e3f1ea"
FLOW = {
    "en": (
        Box(20, 170, 175, "raw tables", ("orders, customers,", "contacts, surveys,", "subscriptions,", "campaigns"), RAW),
        Box(235, 170, 185, "features/", ("one row per customer", "and date, from the", "past only"), CODE),
        Box(460, 20, 185, "training/", ("labels look ahead;", "tuned, rehearsed,", "judged once"), CODE),
        Box(460, 170, 185, "models/", ("one bundle, with hash:", "judged, served and", "explained; MLflow"), CODE),
        Box(685, 170, 180, "serving/", ("numbers and reasons", "that sum to them"), CODE),
        Box(900, 20, 200, "report", ("and the scored table:", "value, tiers, drift,", "baselines: analysts"), OUT),
        Box(900, 170, 200, "retention desk", ("the work list, why,", "and what to do:", "retention team"), OUT),
        Box(900, 320, 200, "API", ("by id, row or raw", "events; what-if; plans:", "apps"), OUT),
        Box(0, 0, 0, "what was done comes back as treatments", (), ""),
    ),
    "zh": (
        Box(20, 170, 175, "原始数据表", ("订单、客户、", "互动、调查、", "订阅、营销活动"), RAW),
        Box(235, 170, 185, "features/ 特征", ("每位客户、每个日期", "一行，只看过去"), CODE),
        Box(460, 20, 185, "training/ 训练", ("标签取自其后的结果；", "调参、预演，判定一次"), CODE),
        Box(460, 170, 185, "models/ 模型", ("评估、上线、解释的", "是同一个模型包；", "MLflow 登记"), CODE),
        Box(685, 170, 180, "serving/ 服务", ("预测值，以及加总后", "恰等于它的原因"), CODE),
        Box(900, 20, 200, "评分表、分析报告", ("价值、分级、漂移、", "基线：分析人员"), OUT),
        Box(900, 170, 200, "客户挽留工作台", ("工作列表、原因、", "建议行动：挽留团队"), OUT),
        Box(900, 320, 200, "API", ("按编号、特征行或原始", "事件；假设分析；行动", "计划：应用"), OUT),
        Box(0, 0, 0, "已采取的行动作为营销触达数据回流", (), ""),
    ),
}
ARROWS = (
    "M195 236 L232 236",
    "M330 170 L330 86 L457 86",
    "M552 152 L552 167",
    "M645 236 L682 236",
    "M330 302 L330 340 L775 340 L775 305",
    "M865 205 L882 205 L882 86 L897 86",
    "M865 236 L897 236",
    "M865 267 L882 267 L882 386 L897 386",
    "M1100 236 L1130 236 L1130 490 L107 490 L107 305",
)


def flow(language: str) -> str:
    """Data from left to right, as SVG."""
    *boxes, back = FLOW[language]
    shapes = [
        f'<rect x="{b.x}" y="{b.y}" width="{b.width}" height="{HEIGHT}" rx="10" fill="{b.fill}" stroke="#184050" '
        f'stroke-width="1.2"/><text x="{b.x + 14}" y="{b.y + 30}" class="title">{b.title}</text>'
        + "".join(f'<text x="{b.x + 14}" y="{b.y + 56 + LINE * k}">{line}</text>' for k, line in enumerate(b.lines))
        for b in boxes
    ]
    arrows = [f'<path d="{path}" class="arrow"/>' for path in ARROWS]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1150 510" font-family="system-ui, sans-serif" font-size="14">'
        "<style>.title{font-weight:600;font-size:16px}text{fill:#17303c}"
        ".arrow{fill:none;stroke:#184050;stroke-width:1.6;marker-end:url(#tip)}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#184050"/></marker></defs>'
        f'<rect width="1150" height="510" rx="14" fill="#ffffff"/>{"".join(shapes)}{"".join(arrows)}'
        f'<text x="560" y="480" text-anchor="middle">{back.title}</text></svg>\n'
    )


@contextmanager
def serving() -> Iterator[None]:
    """The service on a port of its own, without a prediction log, until the pictures are taken."""
    command = [str(Path(sys.executable).with_name("bentoml")), "serve", "serving.service:CustomerValue", "--port", str(PORT)]
    process = subprocess.Popen(command, env={**os.environ, "CVM_CONFIG": str(CONFIG), "CVM_PREDICTION_LOG": "off"})
    try:
        until = time.monotonic() + 90
        while not _answers():
            if time.monotonic() > until or process.poll() is not None:
                raise SystemExit("the service does not answer; run make demo first")
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers() -> bool:
    try:
        return bool(urlopen(f"{ADDRESS}/v1/health", timeout=2).status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False


def take(browser: Browser, address: str, name: str, at: str | None = None) -> None:
    """One picture of what a reader sees first, or of the part with a selector."""
    page = browser.new_page(viewport=SEEN)  # type: ignore[arg-type]
    page.goto(address)
    if at is not None:
        page.locator(at).first.scroll_into_view_if_needed()
    page.screenshot(path=HERE / name)
    page.close()


def main() -> None:
    """All pictures."""
    for language in FLOW:
        (HERE / ("flow.svg" if language == "en" else f"flow.{language}.svg")).write_text(flow(language), encoding="utf-8")
    report = read_project(CONFIG).folder / "report.html"
    with sync_playwright() as playwright, serving():
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        take(browser, report.resolve().as_uri(), "report.png")
        take(browser, f"{report.resolve().as_uri()}?lang=zh", "report.zh.png")
        take(browser, f"{ADDRESS}/desk?lang=en", "desk.png")
        for language, end in (("en", ""), ("zh", ".zh")):
            take(browser, f"{ADDRESS}/desk/customers/12347?lang={language}", f"customer{end}.png")
        browser.close()


if __name__ == "__main__":
    main()
