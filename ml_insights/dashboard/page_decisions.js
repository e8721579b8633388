// What people decide from: insights, comparisons, money. Texts, tables and chart data.

const decisions = page.decisions;
const found = (table, variant) => decisions[table][keyOf(chosen.day, variant, chosen.classLabel, chosen.slice)];
const money = (value, currency) => `${value < 0 ? "\u2212" : ""}${Math.round(Math.abs(value)).toLocaleString("en-US")}\u202f${currency}`;
const METRIC_NAMES = {
  precision: "Precision", recall: "Recall", f1: "F1", average_precision: "Average precision", roc_auc: "ROC AUC",
  standardised_precision: "Precision, equal prevalence",
};
const IN_POINTS = new Set(["precision", "recall", "standardised_precision"]);
const AGAINST = {
  variants: "on this day's traffic", same_events: "on the same events",
  variants_7_days: "over 7 days", same_events_7_days: "on the same events of 7 days",
  variants_28_days: "over 28 days", same_events_28_days: "on the same events of 28 days",
  trailing_7_days: "against its 7 days before", previous_day: "against its day before",
};
const VERDICT_LABELS = {
  better: "\u25b2 better", worse: "\u25bc worse", no_relevant_difference: "no relevant difference",
  cannot_tell_yet: "cannot tell yet", not_comparable: "not comparable",
};
const codesOf = (row) => (row.undefined_reason ?? "").split(",").filter(Boolean);
const reasonWords = (codes) => codes.map((code) => decisions.reason_words[code] ?? code.replaceAll("_", " ")).join("; ");

const noDecision = (otherwise) => (chosenCurves().some((curve) => curve.left_out)
  ? "This page keeps only the newest and largest slices here; this one is in the lake's tables." : otherwise);

function showInsights() {
  if (!$("insights")) return;
  const rows = decisions.insights[chosen.day] ?? [];
  const leads = chosen.day in decisions.leads; // the page's first sentence is the first insight
  $("news").hidden = leads && !rows.length;
  const whole = chosen.slice === page.all_records ? "" : " in all records and slices";
  $("insights-title").textContent = (leads ? "What else stands out" : "What stands out") + whole;
  const sign = { better: "\u25b2", worse: "\u25bc", notice: "\u2022" };
  const item = (tone, mark, text) => make("li", { className: tone }, make("i", { "aria-hidden": "true" }, mark), make("span", {}, text));
  const news = leads || rows.some(({ known }) => !known);
  const more = decisions.more_insights[chosen.day];
  $("insights").replaceChildren(...[
    ...(news ? [] : [item("notice", "\u2713", "Nothing changed on this day beyond what chance does.")]),
    ...rows.map(({ tone, text }) => item(tone, sign[tone], text)),
    ...(more ? [item("notice", "", more)] : []),
  ]);
}

// A difference as a mark with its interval around zero; `widest` is the end of the track.
function track({ difference, difference_low: low, difference_high: high, verdict }, widest) {
  const place = (value) => `${50 + (50 * Math.max(-widest, Math.min(widest, value))) / widest}%`;
  const bar = make("span", { className: "bar" });
  bar.style.left = place(low);
  bar.style.right = `calc(100% - ${place(high)})`;
  const dot = make("span", { className: "dot" });
  dot.style.left = place(difference);
  return make("span", { className: `track ${verdict ?? ""}`, "aria-hidden": "true" }, make("span", { className: "zero" }), bar, dot);
}

function comparisonRow(row, widest) {
  const inPoints = IN_POINTS.has(row.metric);
  const plain = (value) => (value == null ? "n/d" : inPoints ? `${(100 * value).toFixed(1)}\u202f%` : value.toFixed(3));
  const signed = (value) => {
    const size = Math.abs(inPoints ? 100 * value : value).toFixed(inPoints ? 1 : 3);
    return `${Number(size) === 0 ? "" : value < 0 ? "\u2212" : "+"}${size}`;
  };
  const cells = [make("th", { scope: "row" }, METRIC_NAMES[row.metric]), make("td", {}, `${plain(row.baseline_value)} \u2192 ${plain(row.value)}`)];
  if (row.difference_low == null) {
    const lacking = row.verdict ? VERDICT_LABELS[row.verdict] : "not defined";
    return make("tr", {}, ...cells, make("td", { colSpan: 3, className: "why" }, `${lacking}: ${reasonWords(codesOf(row))}`));
  }
  const unit = inPoints ? " points" : "";
  const needed = row.verdict === "cannot_tell_yet" && row.labels_needed > row.labels
    ? make("small", {}, `${roughly(row.labels)} of ${roughly(row.labels_needed)} labels`) : "";
  const label = make("span", { className: `verdict ${row.verdict ?? ""}`, title: decisions.verdict_words[row.verdict] ?? "" }, VERDICT_LABELS[row.verdict] ?? "");
  return make("tr", {}, ...cells, make("td", { className: "wide" }, track(row, widest)),
    make("td", {}, `${signed(row.difference)}${unit}`, make("small", {}, `${signed(row.difference_low)} to ${signed(row.difference_high)}`)),
    make("td", { className: "said" }, label, needed));
}

function showComparisons() {
  if (!$("comparisons")) return;
  const named = (row) => Object.fromEntries(row.map((value, place) => [decisions.compared[place], value]));
  const rows = chosenVariants().flatMap((variant) => (found("comparisons", variant) ?? []).map(named));
  const order = Object.keys(METRIC_NAMES);
  const blocks = (comparison) => {
    const of = rows.filter((row) => row.comparison === comparison && (row.baseline_variant === row.variant || chosen.variants.has(row.baseline_variant)));
    const pairs = [...new Set(of.map((row) => JSON.stringify([row.variant, row.baseline_variant])))];
    return pairs.map((pair) => {
      const own = of.filter((row) => JSON.stringify([row.variant, row.baseline_variant]) === pair);
      own.sort((a, b) => order.indexOf(a.metric) - order.indexOf(b.metric));
      const [variant, baseline] = JSON.parse(pair);
      const ends = own.flatMap((row) => [row.difference_low, row.difference_high]).filter((end) => end != null).map(Math.abs);
      const widest = Math.max(0.02, ...ends) * 1.04;
      const names = variant === baseline ? [markOf(variant), variant] : [markOf(variant), `${variant} against `, markOf(baseline), baseline];
      const days = own[0].baseline_days;
      const asked = Number(/_(\d+)_days$/.exec(comparison)?.[1] ?? 0);
      const note = days > 0 && days < asked ? ` (${days} published)` : "";
      return make("div", { className: "scroll" }, make("table", { className: "compared" },
        make("caption", {}, ...names, make("small", {}, ` ${AGAINST[comparison]}${note}`)),
        make("tbody", {}, ...own.map((row) => comparisonRow(row, widest)))));
    });
  };
  const [first, later] = [Object.keys(AGAINST).filter((name) => name !== "previous_day"), ["previous_day"]].map((names) => names.flatMap(blocks));
  $("comparisons").replaceChildren(...(first.length ? first : [make("p", {}, noDecision("There is nothing to compare for this choice."))]));
  $("day-before").replaceChildren(...later);
}

const asRows = (columns, variant) => (columns?.threshold ?? []).map((_, place) =>
  ({ variant, ...Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[place]])) }));

function showMoney() {
  if (!$("money")) return;
  const choices = chosenVariants().map((variant) => found("choices", variant)).filter(Boolean);
  const currency = choices[0]?.currency ?? "";
  $("money").replaceChildren(...(choices.length ? choices.map(moneyTile) : [make("p", {}, noDecision("No money was computed for this choice."))]));
  const rows = chosenVariants().flatMap(valueRows);
  fill("values", rows);
  fill("operating_values", chosenCurves().map(operatingPoint).filter(Boolean).slice(0, 1));
  fill("best_values", choices.filter((choice) => choice.best_threshold != null && choice.best_value != null).map((choice) => ({
    variant: choice.variant, threshold: choice.best_threshold, value: choice.best_value, value_text: money(choice.best_value, currency),
    threshold_low: choice.best_threshold_low ?? choice.best_threshold, threshold_high: choice.best_threshold_high ?? 1,
  })));
  const days = valueDays();
  fill("value_days", days);
  mark("value_days", days.every((row) => row.operating_value === null), "No money was computed for this choice");
  mark("business_value", !rows.length, choices.some((choice) => choice.operating_value != null)
    ? "No curve: there are no positives" : "No labelled records for this choice");
}

// Money of every day at the threshold that was in use; a day without labels has none.
function valueDays() {
  return page.days.flatMap((day) => chosenVariants().map((variant) => {
    const choice = decisions.choices[keyOf(day, variant, chosen.classLabel, chosen.slice)];
    const value = choice?.operating_value ?? null;
    return value === null ? { day, variant, operating_value: null } : {
      day, variant, provisional: choice.provisional, operating_value: value,
      operating_value_low: choice.operating_value_low ?? value,
      operating_value_high: choice.operating_value_high ?? value, value_text: money(value, choice.currency),
    };
  }));
}

// Money at the drawn points of a curve; both tables have the same thresholds, or none is shown.
function valueRows(variant) {
  const [values, curve, choice] = [found("values", variant), curveOf(variant), found("choices", variant)];
  const points = curve ? pointsOf(curve) : [];
  if (values?.value.length !== points.length || choice?.operating_value == null) return [];
  return points.map(({ threshold }, place) => ({
    variant, threshold, value: values.value[place], value_low: values.value[place] - (values.half[place] ?? 0),
    value_high: values.value[place] + (values.half[place] ?? 0), within_capacity: place < values.allowed,
    value_text: money(values.value[place], choice.currency),
  }));
}

// Three digits, and near 1 two of the distance to it: 0.9996 is not 1.
const scoreText = (score) => (score > 0.99 && score < 1 ? score.toFixed(Math.min(9, 1 - Math.floor(Math.log10(1 - score)))) : score.toPrecision(3));

// Two digits are enough for a number of labels nobody has yet.
const roughly = (value) => Number(value.toPrecision(2)).toLocaleString("en-US", { notation: "compact" });

function moneyTile(choice) {
  const { currency } = choice;
  const head = make("h3", {}, markOf(choice.variant), choice.variant);
  const codes = codesOf(choice);
  if (choice.operating_value == null) {
    const why = reasonWords(codes.filter((code) => ["no_labels", "no_amounts"].includes(code)));
    return make("article", { className: "variant", colour: page.colours[choice.variant] }, head, make("p", {}, `Not defined: ${why}.`));
  }
  const ends = (name) => `${money(choice[`${name}_low`], currency)} to ${money(choice[`${name}_high`], currency)}`;
  const line = (name, value, ...small) => make("div", {}, make("dt", {}, name), make("dd", { className: "value" }, value), ...small.filter(Boolean).map((text) => make("dd", {}, text)));
  const best = choice.best_threshold;
  const sure = best == null ? (codes.includes("capacity_below_highest_score") ? "no threshold keeps to the capacity" : "no threshold is worth its false alarms")
    : choice.best_threshold_low != null && choice.best_threshold_high != null
      ? `95\u202f% interval ${scoreText(choice.best_threshold_low)} to ${scoreText(choice.best_threshold_high)}` : "acting on nothing may be best";
  const overCapacity = codes.includes("operating_above_capacity");
  const costs = overCapacity ? "cannot be said: today's threshold asks for more actions than capacity allows"
    : choice.regret_low > 0 ? `95\u202f% interval ${ends("regret")}`
      : codes.includes("operating_is_best") ? "it is the best one" : "not beyond chance: no reason to move the threshold";
  const fewBehind = (what, effective) => (!codes.includes(`few_records_behind_${what}`) ? ""
    : make("span", { className: "warn" }, `few records decide${effective >= 1 ? ` (as if ${roughly(Math.floor(effective))} of equal worth)` : ""}: the interval may be too narrow`));
  const kept = keptWords(choice);
  const before = choice.value_of_chosen_before == null ? ""
    : `${choice.chosen_before == null ? "to act on nothing, as chosen the day before," : `the threshold chosen the day before (${scoreText(choice.chosen_before)})`} was worth ${money(choice.value_of_chosen_before, currency)} here${choice.capacity == null ? "" : ", within capacity"}`;
  const noted = ["no_positives", "labels_without_amount", "capacity_above_volume", "capacity_below_highest_score"];
  const notes = [
    choice.break_even_precision == null ? "Acting does not pay at the mean amounts, whatever the chance of being right"
      : `Acting pays from a chance of ${(100 * choice.break_even_precision).toPrecision(2)}\u202f% of being right`,
    choice.capacity == null ? "" : `capacity ${number(choice.capacity)} actions a day${page.classes.length > 1 ? " for this class" : ""}${choice.capacity_threshold == null ? "" : `, kept from threshold ${scoreText(choice.capacity_threshold)} on`}`,
    reasonWords(codes.filter((code) => noted.includes(code))),
  ].filter(Boolean).join("; ");
  return make("article", { className: "variant", colour: page.colours[choice.variant] }, head,
    make("dl", { className: "values" },
      line("Value at today's threshold", money(choice.operating_value, currency), choice.operating_value_low == null ? "no 95\u202f% interval: too little variation to estimate it"
        : `95\u202f% interval ${ends("operating_value")}`, fewBehind("value", choice.effective_records)),
      line("Best threshold", best == null ? "act on nothing" : scoreText(best), sure),
      line("Today's threshold costs a day", overCapacity ? "n/d" : money(Math.max(0, choice.regret), currency), costs,
        choice.regret_low > 0 ? fewBehind("regret", choice.regret_effective_records) : "", before),
      kept ? line("Had a former choice been kept", ...kept, choice.gain_of_kept_low > 0 || choice.gain_of_kept_high < 0 ? fewBehind("kept", choice.gain_of_kept_effective_records) : "") : ""),
    make("p", { className: "about" }, `${notes}.`));
}

// What the oldest choice of the week before would have brought if it had been kept: value and explanation.
function keptWords(choice) {
  if (!choice.kept_days || choice.gain_of_kept == null) return null;
  const { currency } = choice;
  const chosen = choice.kept_threshold == null ? "to act on nothing" : scoreText(choice.kept_threshold);
  const days = choice.kept_days === 1 ? "1 day" : `${choice.kept_days} days`;
  const within = choice.capacity == null ? "" : ", both within capacity";
  const about = `${chosen}, chosen on ${shortDay(choice.kept_since)}, on the ${days} since, against today's threshold${within}`;
  if (choice.gain_of_kept_low == null) return ["the same", `${about}: no record lies between the two`];
  const [gain, low, high] = ["", "_low", "_high"].map((end) => money(choice[`gain_of_kept${end}`], currency));
  return [`${choice.gain_of_kept > 0 ? "+" : ""}${gain}`, `${about}: 95\u202f% interval ${low} to ${high}`];
}

function showDecisions() {
  showInsights();
  showComparisons();
  showMoney();
  showHealth();
}
