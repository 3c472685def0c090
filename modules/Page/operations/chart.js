import { formatClock, formatShortClock } from "./format.js";
import { ticksUpTo } from "./scale.js";

// Events come about once a second: one that comes a little late leaves no gap.
const longestStep = 3;
const yTicks = 4;

/**
 * A chart of lines over time, drawn on a canvas in the colours that the style sheet gives it (--chart-1 …) and at the
 * resolution of the screen. It has no words for those who don't see it: those are beside it.
 */
export class Chart {
  #canvas;
  #lines;
  #formatValue;
  #smallestStep;
  #plot = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{ name: string, color: string, dash: number[], fill?: boolean }[]} lines from back to front
   * @param {(value: number) => string} formatValue with its unit
   * @param {number} smallestStep between two ticks of the value axis
   */
  constructor(canvas, lines, formatValue, smallestStep) {
    this.#canvas = canvas;
    this.#lines = lines;
    this.#formatValue = formatValue;
    this.#smallestStep = smallestStep;
  }

  /** The second under a point of the canvas; null beside the plot. */
  secondAt(offsetX) {
    const plot = this.#plot;
    return plot && offsetX >= plot.left && offsetX <= plot.right
      ? Math.round(plot.from + ((offsetX - plot.left) / (plot.right - plot.left)) * (plot.to - plot.from))
      : null;
  }

  /**
   * @param {import("./time-series.js").TimeSeries} series
   * @param {{ second: number, label: string }[]} marks
   * @param {number} from seconds since 1970 @param {number} to the same
   * @param {number | null} pointed the second to point out
   */
  draw(series, marks, from, to, pointed) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0) {
      return;
    }
    const pen = this.#pen(width, height);
    const style = getComputedStyle(this.#canvas);
    const color = name => style.getPropertyValue(name).trim();
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const em = parseFloat(style.fontSize);

    const ticks = ticksUpTo(this.#highest(series, from, to), yTicks, this.#smallestStep);
    const labels = ticks.map(this.#formatValue);
    const plot = {
      from, to,
      left: Math.ceil(Math.max(...labels.map(label => pen.measureText(label).width))) + em * 0.7,
      right: width - em * 0.6,
      top: em * 1.6, // the names of the marks stand above
      bottom: height - em * 1.8,
    };
    this.#plot = plot;
    const x = second => plot.left + ((second - from) / (to - from)) * (plot.right - plot.left);
    const y = value => plot.bottom - (value / ticks.at(-1)) * (plot.bottom - plot.top);

    this.#drawGaps(pen, plot, x, series, color("--line"));
    this.#drawAxes(pen, plot, x, y, ticks, labels, em, color("--line"), color("--soft-ink"));
    this.#drawMarks(pen, plot, x, marks, em, color("--soft-ink"), color("--surface"));

    pen.save();
    pen.beginPath();
    pen.rect(plot.left, 0, plot.right - plot.left + em * 0.6, height);
    pen.clip();
    for (const line of this.#lines) {
      drawLine(pen, x, y, pieces(series, line.name, marks, from, to), { ...line, color: color(line.color) }, plot.bottom);
    }
    pen.restore();

    if (pointed !== null && pointed >= from && pointed <= to) {
      this.#drawPointed(pen, plot, x, y, series, pointed, color);
    }
  }

  #pen(width, height) {
    const ratio = window.devicePixelRatio || 1;
    const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== pixelsWide || this.#canvas.height !== pixelsHigh) {
      Object.assign(this.#canvas, { width: pixelsWide, height: pixelsHigh });
    }
    const pen = this.#canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.lineJoin = "round";
    return pen;
  }

  #highest(series, from, to) {
    return Math.max(0, ...this.#lines.map(line => series.summarize(line.name, from, to)?.highest ?? 0));
  }

  #drawAxes(pen, plot, x, y, ticks, labels, em, lineColor, textColor) {
    pen.lineWidth = 1;
    pen.strokeStyle = lineColor;
    pen.fillStyle = textColor;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    ticks.forEach((tick, i) => {
      const line = Math.round(y(tick)) + 0.5;
      pen.beginPath();
      pen.moveTo(plot.left, line);
      pen.lineTo(plot.right, line);
      pen.stroke();
      pen.fillText(labels[i], plot.left - em * 0.4, y(tick));
    });

    const span = plot.to - plot.from;
    const format = span <= 60 ? formatClock : formatShortClock;
    const step = timeStep(span, (plot.right - plot.left) / (pen.measureText(format(plot.to)).width * 1.5));
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    for (let second = Math.ceil(plot.from / step) * step; second <= plot.to; second += step) {
      const half = pen.measureText(format(second)).width / 2;
      pen.fillRect(Math.round(x(second)), plot.bottom, 1, em * 0.35);
      if (x(second) - half >= 0 && x(second) + half <= plot.right + em * 0.6) {
        pen.fillText(format(second), x(second), plot.bottom + em * 1.45);
      }
    }
  }

  // While nothing was heard, nothing is known: that is not the same as a line at 0.
  #drawGaps(pen, plot, x, series, lineColor) {
    let last = series.first(plot.from, plot.to);
    if (last === null) {
      return;
    }
    for (let second = last + 1; second <= plot.to; second++) {
      const ends = series.has(second);
      if ((ends || second === plot.to) && second - last > longestStep) {
        hatch(pen, x(last), plot.top, x(second) - x(last), plot.bottom - plot.top, lineColor);
      }
      last = ends ? second : last;
    }
  }

  #drawMarks(pen, plot, x, marks, em, lineColor, background) {
    pen.textBaseline = "top";
    for (const { second, label } of marks.filter(mark => mark.second >= plot.from && mark.second <= plot.to)) {
      const at = Math.round(x(second)) + 0.5;
      const width = pen.measureText(label).width;
      const isLeft = at + width + em > plot.right;
      pen.strokeStyle = lineColor;
      pen.setLineDash([2, 3]);
      pen.beginPath();
      pen.moveTo(at, plot.top);
      pen.lineTo(at, plot.bottom);
      pen.stroke();
      pen.setLineDash([]);
      pen.fillStyle = background;
      pen.fillRect(isLeft ? at - width - em * 0.3 : at - em * 0.3, plot.top - em * 1.5, width + em * 0.6, em * 1.3);
      pen.fillStyle = lineColor;
      pen.textAlign = isLeft ? "right" : "left";
      pen.fillText(label, at, plot.top - em * 1.4);
    }
  }

  #drawPointed(pen, plot, x, y, series, second, color) {
    pen.fillStyle = color("--soft-ink");
    pen.fillRect(Math.round(x(second)), plot.top, 1, plot.bottom - plot.top);
    for (const line of this.#lines) {
      const value = series.at(second, line.name);
      if (!Number.isNaN(value)) {
        drawDot(pen, x(second), y(value), 4.5, color("--surface"));
        drawDot(pen, x(second), y(value), 3.5, color(line.color));
      }
    }
  }
}

// The stretches of a line that hang together.
function pieces(series, name, marks, from, to) {
  const breaks = new Set(marks.map(mark => mark.second));
  const found = [];
  let last = -Infinity;
  for (let second = from - longestStep; second <= to; second++) {
    const value = series.at(second, name);
    if (Number.isNaN(value)) {
      last = series.has(second) ? -Infinity : last; // there was news, and no value in it
      continue;
    }
    if (second - last > longestStep || breaks.has(second)) {
      found.push([]);
    }
    found.at(-1).push([second, value]);
    last = second;
  }
  return found;
}

function drawLine(pen, x, y, stretches, { color, dash, fill }, bottom) {
  pen.strokeStyle = pen.fillStyle = color;
  pen.lineWidth = 2;
  for (const points of stretches) {
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(([second, value], i) => (i === 0 ? pen.moveTo(x(second), y(value)) : pen.lineTo(x(second), y(value))));
    pen.stroke();
    pen.setLineDash([]);
    const [end, value] = points.at(-1);
    if (fill) {
      pen.lineTo(x(end), bottom);
      pen.lineTo(x(points[0][0]), bottom);
      pen.globalAlpha = 0.16;
      pen.fill();
      pen.globalAlpha = 1;
    }
    if (points.length === 1 || points === stretches.at(-1)) {
      drawDot(pen, x(end), y(value), 3, color);
    }
  }
}

function drawDot(pen, x, y, radius, color) {
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function hatch(pen, left, top, width, height, color) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.beginPath();
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  for (let at = left - height - (left % 8); at < left + width; at += 8) {
    pen.moveTo(at, top + height);
    pen.lineTo(at + height, top);
  }
  pen.stroke();
  pen.restore();
}

function timeStep(span, mostTicks) {
  const steps = [5, 10, 15, 30, 60, 120, 180, 300, 600];
  return steps.find(step => span / step <= mostTicks) ?? steps.at(-1);
}
