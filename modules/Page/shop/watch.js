// Asked at once, even a recorder that needs a few milliseconds would have to say "not yet".
const firstDelayMs = 15;
const shortestDelayMs = 40;
const longestDelayMs = 10_000;

/**
 * Looks again and again while there is something to wait for: soon at first, because most purchases are recorded
 * within milliseconds, then ever more seldom, because a recorder that is behind is not helped by being asked.
 * There is one loop, however much it waits for.
 */
export class Watch {
  #isWaiting;
  #look;
  #delayMs = 0;
  #isRunning = false;
  #hurry = () => {};

  /**
   * @param {() => boolean} isWaiting whether there is something to wait for
   * @param {() => Promise<number | null | undefined>} look may resolve to the seconds to let pass before the next look
   */
  constructor(isWaiting, look) {
    this.#isWaiting = isWaiting;
    this.#look = look;
  }

  /** Something new to wait for has come up: look soon, and often for a while. */
  wake() {
    if (this.#isRunning) {
      this.#hurry();
    }
    this.start(firstDelayMs);
  }

  /** Sees to it that the loop is running. */
  async start(delayMs) {
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    this.#delayMs = delayMs;
    let leastSeconds = 0;
    while (this.#isWaiting()) {
      await this.#sleep(leastSeconds * 1000);
      leastSeconds = (this.#isWaiting() && await this.#look()) || 0;
    }
    this.#isRunning = false;
  }

  async #sleep(leastMs) {
    const nobodyLooks = document.visibilityState === "hidden";
    const delay = Math.max(leastMs, nobodyLooks ? longestDelayMs : this.#delayMs * (0.8 + Math.random() * 0.4));
    this.#delayMs = Math.min(longestDelayMs, Math.max(shortestDelayMs, this.#delayMs * 2));
    await new Promise(resolve => {
      const timer = setTimeout(resolve, delay);
      this.#hurry = () => {
        this.#delayMs = shortestDelayMs;
        if (leastMs === 0) {
          clearTimeout(timer);
          // Not at once: many purchases in a row must not become as many questions.
          setTimeout(resolve, Math.min(delay, shortestDelayMs));
        }
      };
    });
  }
}
