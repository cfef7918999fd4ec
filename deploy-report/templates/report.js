
"use strict";
// Sorts a table by the column whose heading is pressed; without this script the
// tables are whole, in the order of the records.
const numbers = new Intl.Collator(document.documentElement.lang, { numeric: true });
const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
const order = (one, other) => {
  const [a, b] = [Number.parseFloat(one), Number.parseFloat(other)];
  const both = one !== "" && other !== "" && !Number.isNaN(Number(one)) && !Number.isNaN(Number(other));
  return both ? a - b : numbers.compare(one, other);
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
      rows.sort((one, other) => order(key(one, column), key(other, column)) * (falls ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}
