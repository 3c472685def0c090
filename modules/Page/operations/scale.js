/** A step of 1, 2 or 5 times a power of ten that takes at most `steps` of them to reach `highest`. */
export function niceStep(highest, steps, smallest = 0) {
  const rough = Math.max(highest / steps, smallest);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= rough * 0.999_999);
}

/** Where the ticks of an axis from 0 are: up to the first one that is not below `highest`. */
export function ticksUpTo(highest, steps, smallestStep) {
  const step = niceStep(Math.max(highest, smallestStep), steps, smallestStep);
  const count = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}
