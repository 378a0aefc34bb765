// The list of customers: a link of a figure (#customers?group) narrows it down to whom the figure counts.
"use strict";

const customerList = (holder) => {
  const data = JSON.parse(document.getElementById("customer-data").textContent);
  const size = data.columns[0].cells.length, pageSize = 50;
  const [choice, search, told, more] = ["select", "input", ".told", ".more"].map((name) => holder.querySelector(name));
  const table = holder.querySelector("table");
  const say = (text) => (window.translated ? window.translated(text) : text);
  const members = (group) => {
    const bytes = Uint8Array.from(atob(group.members), (letter) => letter.charCodeAt(0));
    return (row) => (bytes[row >> 3] >> (row & 7)) & 1;
  };
  const number = (column, row) => {
    const value = column.cells[row];
    if (value === null) return "-";
    if (column.kind === "share") return `${(100 * value).toFixed(1)}${document.documentElement.lang.startsWith("zh") ? "%" : " %"}`;
    return value.toLocaleString("en", { maximumFractionDigits: column.kind === "money" && Math.abs(value) < 100 ? 2 : 0 });
  };
  const text = (column, row) => {
    if (column.kind === "text") return column.cells[row];
    if (column.kind !== "reason") return number(column, row);
    const reason = column.cells.texts[column.cells.place[row]];
    return reason ? `${reason[0] === "+" ? "▲" : "▼"} ${say(reason.slice(1))}` : "";
  };
  let rows = [], shown = pageSize, sorted = null, up = false;

  const fill = () => {
    table.tBodies[0].replaceChildren(...rows.slice(0, shown).map((row) => {
      const line = document.createElement("tr");
      line.append(...data.columns.map((column) => {
        const cell = document.createElement("td");
        cell.textContent = text(column, row);
        if (column.kind === "text" || column.kind === "reason") cell.className = "text";
        return cell;
      }));
      return line;
    }));
    more.hidden = rows.length <= shown;
  };
  const choose = () => {
    const group = data.groups.find((one) => one.id === choice.value) ?? data.groups[0];
    const isMember = members(group), wanted = search.value.trim().toLowerCase();
    rows = [...Array(size).keys()].filter((row) => isMember(row) && data.columns[0].cells[row].toLowerCase().includes(wanted));
    if (sorted) {
      const key = sorted.kind === "reason" ? (row) => text(sorted, row) : (row) => sorted.cells[row];
      const isNothing = (value) => value === null || value === "";
      rows.sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        if (isNothing(a) || isNothing(b)) return isNothing(a) - isNothing(b);
        return (up ? 1 : -1) * (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
      });
    }
    shown = pageSize;
    told.textContent = `${rows.length.toLocaleString("en")} / ${group.count.toLocaleString("en")}`;
    fill();
  };
  const asTable = () => {
    const all = document.createElement("table");
    const line = (cells) => { const row = all.insertRow(); cells.forEach((cell) => { row.insertCell().dataset.csv = cell; }); };
    line(data.columns.map((column) => say(column.title)));
    rows.forEach((row) => line(data.columns.map((column) => (column.kind === "text" || column.kind === "reason" ? text(column, row) : String(column.cells[row] ?? "")))));
    return all;
  };
  const heads = () => table.tHead.rows[0].replaceChildren(...data.columns.map((column) => {
    const head = document.createElement("th");
    head.scope = "col";
    head.tabIndex = 0;
    head.className = column.kind === "text" || column.kind === "reason" ? "text sorts" : "sorts";
    head.textContent = say(column.title);
    if (column === sorted) head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const sort = () => { up = column === sorted ? !up : column.kind === "text" || column.kind === "reason"; sorted = column; heads(); choose(); };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (key) => { if (key.key === "Enter") sort(); });
    return head;
  }));
  const options = () => {
    const chosen = choice.value;
    choice.replaceChildren(...data.groups.map((group) => new Option(`${say(group.title)} (${group.count.toLocaleString("en")})`, group.id)));
    if (chosen) choice.value = chosen;
  };
  const follow = () => {
    const [place, id] = location.hash.slice(1).split("?");
    if (place !== "customers" || !data.groups.some((group) => group.id === id)) return;
    choice.value = id;
    search.value = "";
    choose();
    document.getElementById("customers").scrollIntoView();
  };

  choice.addEventListener("change", choose);
  search.addEventListener("input", choose);
  more.addEventListener("click", () => { shown += pageSize; fill(); });
  holder.querySelector(".csv").addEventListener("click", () => save(`${document.body.dataset.project}_customers_${choice.value}.csv`, asCsv(asTable())));
  window.addEventListener("hashchange", follow);
  document.addEventListener("language", () => { heads(); options(); fill(); });
  holder.hidden = false;
  heads();
  options();
  choose();
  follow();
};

document.querySelectorAll(".customer-list").forEach(customerList);
