// Nobody reads figures that change more often.
const shortestIntervalMs = 100;

/**
 * Paints when something has changed: in the next animation frame, at most ten times a second however often it is asked,
 * and not at all while nobody can see the page.
 */
export class Painter {
  #paint;
  #isDue = false;
  #paintedAt = -Infinity;

  /** @param {() => void} paint */
  constructor(paint) {
    this.#paint = paint;
  }

  request() {
    if (this.#isDue) {
      return;
    }
    this.#isDue = true;
    const wait = shortestIntervalMs - (performance.now() - this.#paintedAt);
    if (wait > 0) {
      setTimeout(() => this.#inNextFrame(), wait);
    } else {
      this.#inNextFrame();
    }
  }

  #inNextFrame() {
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#paintedAt = performance.now();
      this.#paint();
    });
  }
}
