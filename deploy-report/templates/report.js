
"use strict";
// Sorts a table by the column whose heading is pressed; without this script the
// tables are whole, in the order of the records.
const numbers = new Intl.Collator(document.documentElement.lang, { numeric: true });
const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
const order = (one, other) => {
  const difference = Number(one) - Number(other);
  return Number.isNaN(difference) ? numbers.compare(one, other) : difference;
};
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    if (heading.classList.contains("bar")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const falls = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      // What has no value stays at the end, either way.
      const known = rows.filter((row) => key(row, column) !== "");
      const unknown = rows.filter((row) => key(row, column) === "");
      known.sort((one, other) => order(key(one, column), key(other, column)) * (falls ? -1 : 1));
      table.tBodies[0].append(...known, ...unknown);
    });
  });
}
