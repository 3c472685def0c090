/**
 * What the browser remembers. Where it doesn't let us (private windows, blocked cookies), the page works all the same
 * and forgets.
 */
export function remembered(area, key) {
  return {
    read() {
      try {
        return JSON.parse(window[area].getItem(key));
      } catch {
        return null;
      }
    },
    write(value) {
      try {
        window[area].setItem(key, JSON.stringify(value));
      } catch {
        // Nothing depends on it being remembered.
      }
    },
  };
}
