// Everything on the page that is text or a table.

const $ = (id) => document.getElementById(id);

// An element with properties and children; strings become text nodes, so names cannot be markup.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "colour") element.style.setProperty("--colour", value);
    else if (name === "scope" || name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== "" && child != null));
  return element;
}

// A variant's sign in its colour, as in the charts; its name always stands beside it.
const markOf = (variant) => make("i", { className: "mark", colour: page.colours[variant], "aria-hidden": "true" }, page.marks[variant]);
const number = (value) => (value < 0 ? "\u2212" : "") + Math.abs(value).toLocaleString("en-US");
const longDay = (day) => new Date(`${day}T00:00Z`).toLocaleDateString("en-GB", {
  weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
});
const shortDay = (day) => new Date(`${day}T00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const sliceName = (slice) => (slice === page.all_records ? "All records" : slice);
// Two digits of the distance to 0 or 100 %, at least one decimal: as the page's other percentages.
function percentDigits(value) {
  const distance = 100 * Math.min(value, 1 - value);
  return distance <= 0 ? 0 : Math.max(1, Math.min(9, 1 - Math.floor(Math.log10(distance))));
}

function showHeader() {
  const slice = chosen.slice === page.all_records ? "" : `, slice ${chosen.slice}`;
  const classLabel = page.classes.length > 1 ? `, class ${chosen.classLabel}` : "";
  $("date").textContent = chosen.day ? longDay(chosen.day) + slice + classLabel : "No day has been published yet.";
  const older = page.left_out ? " on this page; older days of slices are in the table model_quality" : "";
  const found = chosenCurves().filter((curve) => curve.words);
  const sentences = found.map((curve, place) => (place === 0 ? curve.words.lead : curve.words.short));
  for (const variant of chosenVariants().filter((name) => !curveOf(name)?.words)) {
    sentences.push(`${variant} has no values for this day${slice}${older}.`);
  }
  if (!page.variants.length) sentences.push("There are no values to show.");
  else if (!chosenVariants().length) sentences.push("Choose at least one variant.");
  if (page.decisions.leads[chosen.day]) sentences.unshift(page.decisions.leads[chosen.day]);
  $("lead").replaceChildren(...sentences.map((text) => make("p", {}, text)));
  const few = found.filter((curve) => curve.words.few_labels);
  $("badges").replaceChildren(...few.map((curve) => make("li", { className: "badge warn" }, `${curve.variant}: ${curve.words.few_labels}`)));
}

function showTiles() {
  $("tiles").classList.toggle("many", chosenVariants().length > 3);
  $("tiles").replaceChildren(...chosenCurves().filter((curve) => curve.words).map((curve) => {
    const { labels, volumes, note, tiles } = curve.words;
    const status = make("span", { className: curve.quality.provisional ? "warn" : "" }, labels);
    const payload = payloadNote(curve.variant);
    const about = make("span", { className: "about" }, `${volumes} · `, status, note && ` · ${note}`, payload && ` · ${payload}`);
    const values = Object.entries(tiles).map(([ratio, tile]) =>
      make("div", {}, make("dt", {}, page.ratio_words[ratio]), ...tileLines(tile),
        ratio === "recall" && recallUnknown(found("health", curve.variant)) ? make("dd", { className: "warn" }, NOT_IDENTIFIABLE) : ""));
    return make("article", { className: "variant", colour: page.colours[curve.variant] },
      make("h2", {}, markOf(curve.variant), curve.variant), about, make("dl", { className: "values" }, ...values));
  }));
}

// Intervals take predictions as independent. Those of one payload may share their fate: at worst each payload is one record.
function payloadNote(variant) {
  const counted = (account, item) => Math.abs(page.balance[chosen.day]?.find((row) => row[0] === account && row[1] === variant && row[2] === item)?.[3] ?? 0);
  const each = counted("predictions", "predictions_in_records") / counted("capture_lines", "records_accepted");
  return each >= 1.05 && Number.isFinite(each)
    ? `${each.toFixed(1)} predictions a payload: if they share their fate, intervals are up to about ${Math.sqrt(each).toFixed(1)} times as wide` : "";
}

function tileLines(tile) {
  if (tile.value === null) return [make("dd", { className: "undefined" }, tile.undefined)];
  const mark = { better: "\u25b2 ", worse: "\u25bc " }[tile.tone] ?? "";
  return [
    make("dd", { className: "value" }, tile.value),
    make("dd", {}, tile.interval, tile.limits ? make("span", { className: "change" }, tile.limits) : "",
      make("span", { className: `change ${tile.tone}` }, mark + tile.change)),
  ];
}

const notDefined = (ratio) => `not defined: ${page.undefined_words[ratio]}`;
const share = (name) => (point) => {
  const [value, low, high] = [point[name], point[`${name}_low`], point[`${name}_high`]];
  if (value == null) return notDefined(name);
  const digits = percentDigits(value);
  const endDigits = Math.max(digits, percentDigits(value === 1 ? low : value === 0 ? high : value));
  const ends = [low, high].map((end) => (100 * end).toFixed(endDigits)).join("\u2013");
  return [`${(100 * value).toFixed(digits)}\u202f%`, make("small", {}, `${ends}\u202f%`)];
};
const CHOSEN_ROWS = [
  ["Exact threshold", (point) => String(point.threshold)],
  ["Precision", share("precision"), "strong"],
  ["Recall", share("recall"), "strong"],
  ["F1", (point) => point.f1?.toFixed(3) ?? notDefined("f1"), "strong"],
  ["Positives found", (point) => number(point.true_positives)],
  ["False alarms", (point) => number(point.false_positives)],
  ["Positives missed", (point) => number(point.false_negatives)],
  ["Rightly left alone", (point) => number(point.true_negatives)],
];

function showChosenPoints(points) {
  const head = points.map(({ variant }) => make("th", { scope: "col" }, markOf(variant), variant));
  const rows = CHOSEN_ROWS.map(([name, cell, className = ""]) => make("tr", { className },
    make("th", { scope: "row" }, name), ...points.map((point) => make("td", {}, ...[cell(point)].flat()))));
  $("chosen").replaceChildren(points.length
    ? make("table", {}, make("thead", {}, make("tr", {}, make("td"), ...head)), make("tbody", {}, ...rows))
    : make("p", {}, `${noCurve()}.`));
}

// All slices of the day beside each other; a click chooses one.
function showSlices() {
  const variants = chosenVariants();
  const qualityOf = (slice, variant) => curves.get(keyOf(chosen.day, variant, chosen.classLabel, slice))?.quality;
  const slices = page.slices.filter((slice) => variants.some((variant) => qualityOf(slice, variant)));
  $("slices-card").hidden = slices.length < 2;
  const head = (cells, first = "") => make("tr", {}, make("td", {}, first), ...cells);
  const cells = (quality) => (quality
    ? [make("td", {}, number(quality.positives)), ...["precision", "recall"].map((name) => make("td", {}, ...[share(name)(quality)].flat()))]
    : [make("td", { colSpan: 3, className: "why" }, "no values")]);
  const row = (slice) => {
    const name = make("button", { type: "button", className: "link", "aria-pressed": String(slice === chosen.slice) }, sliceName(slice));
    name.addEventListener("click", () => { chosen.slice = slice; show(); });
    return make("tr", {}, make("th", { scope: "row" }, name), ...variants.flatMap((variant) => cells(qualityOf(slice, variant))));
  };
  $("slices").replaceChildren(make("table", {}, make("thead", {},
    head(variants.map((variant) => make("th", { scope: "colgroup", colSpan: 3 }, markOf(variant), variant))),
    head(variants.flatMap(() => ["Positives", "Precision", "Recall"].map((name) => make("th", { scope: "col" }, name))), `${slices.length - 1} slices`)),
    make("tbody", {}, ...slices.map(row))));
}

function showBalance() {
  const rows = page.balance[chosen.day] ?? [];
  const order = Object.keys(page.account_words);
  const accounts = [...new Set(rows.map(([account]) => account))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  $("balance").replaceChildren(...(accounts.length
    ? accounts.map((account) => balanceTable(account, rows.filter((row) => row[0] === account)))
    : [make("p", {}, "No record balance was published for this day.")]));
}

function balanceTable(account, rows) {
  const variants = page.variants.filter((variant) => rows.some((row) => row[1] === variant));
  const columns = [...new Set([...variants, ...rows.map((row) => row[1])])];
  const items = [...new Set(rows.map(([, , item]) => item))];
  const records = (variant, item) => rows.find((row) => row[1] === variant && row[2] === item)?.[3];
  const total = (variant) => rows.filter((row) => row[1] === variant).reduce((sum, row) => sum + row[3], 0);
  const largest = (item) => Math.max(...columns.map((variant) => records(variant, item) ?? -Infinity));
  items.sort((a, b) => (largest(b) > 0) - (largest(a) > 0) || largest(a) - largest(b));
  const words = (name, known) => capital(known[name] ?? name.replaceAll("_", " "));
  const body = items.map((item) => make("tr", {}, make("th", { scope: "row" }, words(item, page.item_words)),
    ...columns.map((variant) => make("td", {}, number(records(variant, item) ?? 0)))));
  const sums = columns.map((variant) => (total(variant) === 0
    ? make("td", { className: "closes" }, "0 \u2713")
    : make("td", { className: "open" }, `${number(total(variant))} \u2717 does not close`)));
  return make("div", { className: "scroll" }, make("table", {},
    make("caption", {}, words(account, page.account_words)),
    make("thead", {}, make("tr", {}, make("td"), ...columns.map((name) => make("th", { scope: "col" }, name ?? "all")))),
    make("tbody", {}, ...body), make("tfoot", {}, make("tr", {}, make("td", {}, "Sum"), ...sums))));
}

const SOURCE_COLUMNS = [["run_id", "Dagster run"], ["code_version", "Code version"], ["grid", "Threshold grid"], ["manifest_digest", "Digest of the input manifest"]];

function showSource() {
  const found = chosenCurves().filter((curve) => curve.quality);
  $("source").replaceChildren(make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Variant"),
      ...SOURCE_COLUMNS.map(([, name]) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...found.map((curve) => make("tr", {}, make("th", { scope: "row" }, curve.variant),
      ...SOURCE_COLUMNS.map(([column]) => make("td", {}, String(curve.quality[column]))))))));
}
