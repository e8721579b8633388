// Calibration, drift, labels and estimates: the table, and the data of its charts.

// Positives with scores that nobody labels are not seen: what recall is then known of.
const NOT_IDENTIFIABLE = "not identifiable: some scores have no label";
const recallUnknown = (row) => row?.recall_identifiable === false && !codesOf(row).some((code) => ["no_labels", "no_positives"].includes(code));

function showHealth() {
  if (!$("health")) return;
  const rows = chosenVariants().map((variant) => found("health", variant)).filter(Boolean);
  const points = (value) => `${(100 * value).toFixed(1)} points`;
  const percent = (value) => `${(100 * value).toFixed(1)}\u202f%`;
  const lines = [
    ["Scores are off by", ["no_labels"], (row) => row.calibration_error, (row) => [points(row.calibration_error), `chance alone: ${points(row.calibration_error_by_chance)}`]],
    ["Scores are, overall", ["no_labels"], (row) => row.calibration_gap, (row) => [Math.abs(row.calibration_gap) < 0.0005 ? "right" : `${points(Math.abs(row.calibration_gap))} too ${row.calibration_gap > 0 ? "high" : "low"}`]],
    ["Shift of scores (population stability index)", ["no_days_before"], (row) => row.population_stability_index, (row) => [row.population_stability_index.toFixed(3), `chance alone: ${row.population_stability_index_by_chance.toFixed(3)}; from 0.1 on worth a look`]],
    ["Recall, weighted by all records", ["no_labels", "no_positives"], (row) => row.stratified_recall, (row) => [percent(row.stratified_recall), row.stratified_recall_low == null ? `no 95\u202f% interval: ${reasonWords(["scores_on_one_side"])}` : `${percent(row.stratified_recall_low)} to ${percent(row.stratified_recall_high)}`]],
    ["Precision, estimated without labels", ["no_days_before", "no_labels_before"], (row) => row.estimated_precision, (row) => [percent(row.estimated_precision), estimateWords(row, "precision")]],
    ["Recall, estimated without labels", ["no_days_before", "no_labels_before"], (row) => row.estimated_recall, (row) => [percent(row.estimated_recall), estimateWords(row, "recall")]],
  ];
  const missing = (row, name, known) => {
    const why = codesOf(row).filter((code) => known.includes(code));
    if (name.startsWith("Recall, weighted") && recallUnknown(row)) return NOT_IDENTIFIABLE;
    return `not defined${why.length ? `: ${reasonWords(why)}` : ""}`;
  };
  const cell = (row, name, known, value, words) => {
    if (value(row) == null) return make("td", { className: "why" }, missing(row, name, known));
    const [text, small] = words(row);
    return make("td", {}, text, small ? make("small", {}, small) : "");
  };
  $("health").replaceChildren(rows.length ? make("table", {},
    make("thead", {}, make("tr", {}, make("td"), ...rows.map((row) => make("th", { scope: "col" }, markOf(row.variant), row.variant)))),
    make("tbody", {}, ...lines.map(([name, ...parts]) => make("tr", {}, make("th", { scope: "row" }, name), ...rows.map((row) => cell(row, name, ...parts))))))
    : make("p", {}, noDecision("Nothing is known for this choice.")));
  const groups = chosenVariants().flatMap((variant) => asRows(found("groups", variant), variant));
  fill("groups", groups);
  fill("diagonal", Array.from({ length: 21 }, (_, step) => ({ mean_score: (step / 20) ** 2, positive_rate: (step / 20) ** 2 })));
  mark("reliability", !groups.some((row) => row.positive_rate != null), "No labelled records for this choice");
  mark("label_share", !groups.length, "No records for this choice");
}

// An estimate with the band that its past errors allow for what labels will show.
function estimateWords(row, name) {
  const [error, low, high] = ["past_error", "low", "high"].map((part) => row[`estimated_${name}_${part}`]);
  if (error == null) return "an estimate; its past error is not known yet";
  const days = row.past_days === 1 ? "1 day" : `${row.past_days} days`;
  const band = low == null ? "" : `; labels should show ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}\u202f%`;
  return `an estimate; off by ${(100 * error).toFixed(1)} points on average on ${days} before${band}`;
}
