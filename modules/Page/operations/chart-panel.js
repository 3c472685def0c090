import { element, setText } from "../shared/dom.js";
import { Chart } from "./chart.js";
import { formatClock } from "./format.js";

const tableRows = 10;

/**
 * A chart with what belongs to it: a legend with the figures of now or of where the pointer is, a sentence that sums it
 * up, and the same as a table for those who ask for it.
 */
export class ChartPanel {
  #lines;
  #format;
  #chart;
  #canvas;
  #when;
  #values = new Map();
  #sum;
  #table;
  #rows;
  #shownUpTo = null;
  #pointedAt = null;
  #sumUp;

  /**
   * @param {HTMLElement} root
   * @param {{
   *   heading: string, explanation: string, smallestStep: number, format: (value: number) => string,
   *   lines: { name: string, label: string, color: string, dash: number[], fill?: boolean }[],
   *   columns: { label: string, read: (summaries: Record<string, object | null>) => number | undefined }[],
   *   sumUp: (summaries: Record<string, object | null>) => string }} content
   * @param {() => void} onPoint something else is pointed at
   */
  constructor(root, content, onPoint) {
    this.#lines = content.lines;
    this.#format = content.format;
    this.#sumUp = content.sumUp;
    const id = root.id;
    this.#canvas = element("canvas", { role: "img", "aria-labelledby": `${id}-heading`, "aria-describedby": `${id}-sum` });
    this.#chart = new Chart(this.#canvas, content.lines, content.format, content.smallestStep);
    this.#when = element("li", { className: "legend-when" });
    this.#sum = element("p", { id: `${id}-sum`, className: "hint" });
    this.#table = this.#createTable(content, `${id}-heading`);
    root.append(
      element("h3", { id: `${id}-heading` }, content.heading),
      element("p", { className: "hint" }, content.explanation),
      element("ul", { className: "legend", role: "list" }, ...content.lines.map(line => this.#createKey(line)).reverse(), this.#when),
      this.#canvas,
      this.#sum,
      this.#table);

    const point = offset => {
      this.#pointedAt = offset;
      onPoint();
    };
    this.#canvas.addEventListener("pointermove", event => point(event.offsetX));
    this.#canvas.addEventListener("pointerdown", event => point(event.offsetX));
    this.#canvas.addEventListener("pointerleave", () => point(null));
    this.#table.addEventListener("toggle", onPoint);
    new ResizeObserver(onPoint).observe(this.#canvas);
  }

  /** @param {import("./observations.js").Observations} observations @param {number} to the second to end at @param {number} span in seconds */
  show({ series, marks }, to, span) {
    const from = to - span;
    const pointed = this.#pointedAt === null ? null : this.#chart.secondAt(this.#pointedAt);
    this.#chart.draw(series, marks, from, to, pointed);

    const newest = this.#newest(series, to);
    const second = pointed ?? newest;
    for (const [name, node] of this.#values) {
      const value = second === null ? NaN : series.at(second, name);
      setText(node, Number.isNaN(value) ? "–" : this.#format(value));
    }
    setText(this.#when, pointed === null ? "" : `at ${formatClock(pointed)}`);
    setText(this.#sum, this.#sumUp(this.#summaries(series, from, to)));
    this.#showTable(series, to, span);
  }

  #newest(series, to) {
    for (let second = to; second > to - 60; second--) {
      if (series.has(second)) {
        return second;
      }
    }
    return null;
  }

  #summaries(series, from, to) {
    return Object.fromEntries(this.#lines.map(({ name }) => [name, series.summarize(name, from, to)]));
  }

  #createKey({ name, label, color }) {
    const value = element("strong");
    this.#values.set(name, value);
    return element("li", {}, element("span", { className: `swatch ${color.slice(2)}`, "aria-hidden": "true" }), `${label} `, value);
  }

  #createTable({ heading, columns }, headingId) {
    this.#rows = Array.from({ length: tableRows }, () => {
      const time = element("th", { scope: "row" });
      const cells = columns.map(() => element("td"));
      return { node: element("tr", {}, time, ...cells), time, cells, columns };
    });
    return element("details", { className: "as-table" },
      element("summary", {}, "As a table", element("span", { className: "visually-hidden" }, `: ${heading}`)),
      element("table", { "aria-labelledby": headingId },
        element("thead", {}, element("tr", {}, ...["From", ...columns.map(column => column.label)].map(label => element("th", { scope: "col" }, label)))),
        element("tbody", {}, ...this.#rows.map(row => row.node))));
  }

  // Rows are whole stretches of time, so that they hold still while they are read.
  #showTable(series, to, span) {
    const stretch = span / tableRows;
    const upTo = Math.floor(to / stretch) * stretch;
    const shows = this.#table.open ? `${upTo}/${span}` : null;
    if (shows === null || shows === this.#shownUpTo) {
      return;
    }
    this.#shownUpTo = shows;
    this.#rows.forEach(({ time, cells, columns }, i) => {
      const from = upTo - (i + 1) * stretch;
      const summaries = this.#summaries(series, from, from + stretch - 1);
      setText(time, formatClock(from));
      columns.forEach(({ read }, column) => {
        const value = read(summaries);
        setText(cells[column], value === undefined ? "–" : this.#format(value));
      });
    });
  }
}
