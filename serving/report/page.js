// What a reader can do with the page: sort a table by a click on its head, take any table along as CSV. No network, no library.
"use strict";

// The number in a cell: the day or the exact one where the page has it, else what stands there; not a number where there is none.
const numberIn = (cell) => {
  const day = cell.querySelector("time");
  if (day) return Date.parse(day.dateTime);
  const exact = cell.querySelector("data");
  const text = exact ? exact.value : cell.textContent.trim();
  const found = text.replace(/[,\s]/g, "").match(/^(-?)[^\d.-]{0,4}(-?[\d.]+(?:e[+-]?\d+)?)/i);
  return found ? Number(found[1] + found[2]) : NaN;
};

const wordsIn = (cell) => cell.innerText.trim().replace(/\s*\n\s*/g, " ");

const isPlain = (table) =>
  table.tBodies.length === 1 && table.tHead !== null && table.rows.length > 2 &&
  [...table.querySelectorAll("th, td")].every((cell) => cell.rowSpan === 1 && cell.colSpan === 1);

const sortBy = (table, column, head) => {
  const up = head.getAttribute("aria-sort") !== "ascending";
  const rows = [...table.tBodies[0].rows];
  const numbers = new Map(rows.map((row) => [row, numberIn(row.cells[column])]));
  const areNumbers = [...numbers.values()].filter((number) => !Number.isNaN(number)).length >= rows.length / 2;
  rows.sort((one, other) => {
    const [a, b] = [numbers.get(one), numbers.get(other)];
    if (!areNumbers) return (up ? 1 : -1) * wordsIn(one.cells[column]).localeCompare(wordsIn(other.cells[column]));
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b); // what is not known comes last
    return up ? a - b : b - a;
  });
  for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  table.tBodies[0].append(...rows);
};

const AMOUNT = /^([-+]?)([A-Z]{0,3}[£€$¥]|[A-Z]{3} )?(\d[\d,]*(?:\.\d+)?)( ?%| x|倍)?$/;

// By place, the columns that hold amounts of one unit: a spreadsheet takes them as numbers, and the unit is in the head.
const unitsOf = (table) => {
  if (!isPlain(table)) return [];
  return [...table.tHead.rows[0].cells].map((_, place) => {
    const cells = [...table.tBodies[0].rows].map((row) => row.cells[place]);
    if (cells.some((cell) => cell.translate === false || "csv" in cell.dataset)) return null; // ids, and what says itself
    const found = cells.map(wordsIn).filter((text) => text !== "-").map((text) => text.match(AMOUNT));
    const units = new Set(found.map((amount) => amount && (amount[2] ?? amount[4] ?? "").trim()));
    return units.size === 1 ? [...units][0] : null;
  });
};

const asCsv = (table) => {
  const units = unitsOf(table);
  const written = (cell) => {
    const unit = units[cell.cellIndex] ?? null;
    const text = cell.dataset.csv ?? wordsIn(cell);
    if (unit === null) return text;
    if (cell.parentElement.parentElement === table.tHead) return unit ? `${text} (${unit})` : text;
    const amount = text.match(AMOUNT);
    return amount ? `${amount[1]}${amount[3].replaceAll(",", "")}` : "";
  };
  const quoted = (text) => {
    const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text; // a spreadsheet would run it as a formula
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const row = (one) =>
    [...one.cells].flatMap((cell) => [quoted(written(cell)), ...Array(cell.colSpan - 1).fill("")]).join(",");
  return `\ufeff${[...table.rows].map(row).join("\r\n")}\r\n`; // the mark lets spreadsheets read Chinese
};

const save = (name, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

const readyTable = (table, place) => {
  if (isPlain(table)) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (!head.textContent.trim() || head.querySelector("a")) return;
      head.classList.add("sorts");
      head.tabIndex = 0;
      head.addEventListener("click", () => sortBy(table, column, head));
      head.addEventListener("keydown", (key) => {
        if (key.key === "Enter" || key.key === " ") { key.preventDefault(); sortBy(table, column, head); }
      });
    });
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "csv";
  button.textContent = "CSV";
  const section = table.closest("section");
  button.addEventListener("click", () => save(`${document.body.dataset.project}_${section ? section.id : "page"}_${place}.csv`, asCsv(table)));
  table.parentElement.append(button); // within the box: beside it, it would be a cell of a grid
};

document.querySelectorAll(".box > table").forEach((table, place) => { if (!table.closest(".customer-list")) readyTable(table, place + 1); });
