// What the page knows and what the reader has chosen. No markup, no charts.
// Names from the tables reach the document only as text (`textContent`, `Option`), never as markup.

const page = JSON.parse(document.getElementById("data").textContent);
const keyOf = (day, variant, classLabel, slice) => JSON.stringify([day, variant, classLabel, slice]);
const curves = new Map(page.curves.map((c) => [keyOf(c.day, c.variant, c.class_label, c.slice), c]));

const daysWithValues = page.days.filter((day) => page.curves.some((c) => c.day === day));
const chosen = {
  day: daysWithValues.at(-1) ?? page.days.at(-1),
  classLabel: page.classes[0],
  slice: page.slices[0],
  variants: new Set(page.variants),
  threshold: page.operating_threshold,
};

const chosenVariants = () => page.variants.filter((variant) => chosen.variants.has(variant));
const curveOf = (variant, day = chosen.day) => curves.get(keyOf(day, variant, chosen.classLabel, chosen.slice));
const chosenCurves = () => chosenVariants().map((variant) => curveOf(variant)).filter(Boolean);

// A curve's points as rows, highest threshold first; made once, when first looked at.
function pointsOf(curve) {
  if (!curve.rows) {
    const points = curve.points;
    curve.rows = !points ? [] : points.threshold.map((threshold, rank) => ({
      variant: curve.variant, rank, threshold,
      true_positives: points.true_positives[rank],
      false_positives: points.false_positives[rank],
      false_negatives: points.positives - points.true_positives[rank],
      true_negatives: points.negatives - points.false_positives[rank],
      precision: points.precision[rank], precision_low: points.precision_low[rank], precision_high: points.precision_high[rank],
      recall: points.recall[rank], recall_low: points.recall_low[rank], recall_high: points.recall_high[rank],
      f1: points.f1[rank],
    }));
  }
  return curve.rows;
}

// The drawn point at the lowest threshold that is not below the given one: between two occupied
// thresholds of the grid, counts are those of the upper. Above the highest score nothing is found.
const pointAt = (curve, threshold) => {
  const points = pointsOf(curve);
  return points.findLast((point) => point.threshold >= threshold) ?? (points[0] && aboveAll(points[0], threshold));
};

const aboveAll = ({ variant, ...highest }, threshold) => {
  const positives = highest.true_positives + highest.false_negatives;
  return {
    variant, threshold, true_positives: 0, false_positives: 0,
    false_negatives: positives, true_negatives: highest.false_positives + highest.true_negatives,
    precision: null, recall: positives ? 0 : null, f1: positives ? 0 : null,
  };
};

// Why there is no curve: none can be drawn, or the page holds a limited number, all records first.
function noCurve() {
  const why = chosenCurves().map((curve) => curve.words?.tiles.recall.undefined).find(Boolean);
  if (why) return `No curve: recall is ${why}`;
  return chosenCurves().some((curve) => curve.left_out)
    ? "This page keeps the curves of the newest and largest slices; this one is in the table precision_recall"
    : "No curve for this choice";
}

// Where the operating values are counted: on the grid, at or just below the configured threshold.
const operatingThreshold = () => chosenCurves().find((curve) => curve.quality)?.quality.operating_grid_threshold
  ?? page.operating_threshold;

const operatingPoint = (curve) => curve.quality && {
  variant: curve.variant, threshold: curve.quality.operating_grid_threshold, ...curve.quality,
};

// Every threshold drawn for a chosen variant, ascending: the places the slider can stand on.
function drawnThresholds() {
  const all = chosenCurves().flatMap((curve) => pointsOf(curve).map((point) => point.threshold));
  return [...new Set(all)].sort((a, b) => a - b);
}

// One row a chosen variant and day of the calendar, for the trends and volumes. A day without
// values keeps its row, so that a line breaks there instead of passing over it.
function dayRows() {
  return chosenVariants().flatMap((variant) => page.calendar.map((day) => {
    const { quality, words } = curveOf(variant, day) ?? {};
    const rejected = page.rejected[day]?.[variant];
    if (!quality) return { variant, day, rejected };
    const text = ({ value, interval, limits, undefined: reason }) =>
      (value === null ? reason : `${value} (${[interval, limits].filter(Boolean).join("; ")})`);
    const texts = Object.entries(words.tiles).map(([ratio, tile]) => [`${ratio}_text`, text(tile)]);
    return { variant, day, rejected, has_values: true, ...quality, labels_text: words.labels, ...Object.fromEntries(texts) };
  }));
}
