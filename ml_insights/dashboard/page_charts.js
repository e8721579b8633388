// Gives the charts their data. What they look like is in the specifications, not here.

const specifications = JSON.parse($("charts").textContent);
const views = {};
const ONLY_ERRORS = 1; // Vega's log level
const bySource = (source) => Object.keys(views).filter((name) => JSON.stringify(specifications[name]).includes(`{"name":"${source}"}`));

async function drawCharts() {
  const embed = async ([name, specification]) => {
    // Empty data is a legal choice that the page itself explains, so only errors are reported.
    const options = { actions: false, renderer: "svg", logLevel: ONLY_ERRORS };
    views[name] = (await vegaEmbed($(name), structuredClone(specification), options)).view;
  };
  await Promise.all(Object.entries(specifications).map(embed));
}

function fill(source, rows) {
  for (const name of bySource(source)) views[name].data(source, structuredClone(rows));
}

const run = (names = Object.keys(views)) => Promise.all(names.map((name) => views[name].runAsync()));

function mark(name, empty, why) {
  $(name).classList.toggle("empty", empty);
  $(name).dataset.empty = why;
}

function fillCurves() {
  const found = chosenCurves();
  const points = found.flatMap(pointsOf);
  fill("curves", points);
  fill("operating", found.map(operatingPoint).filter(Boolean));
  const highest = Math.max(0, ...points.map((point) => point.precision_high ?? 0));
  views.precision_recall.signal("precision_top", highest > 0.5 || highest === 0 ? 1 : Math.min(1, 1.1 * highest));
  const none = !points.some((point) => point.precision != null && point.recall != null);
  for (const name of ["precision_recall", "threshold_precision", "threshold_recall", "threshold_f1"]) mark(name, none, noCurve());
}

function fillDays() {
  const rows = dayRows();
  fill("days", rows);
  fill("chosen_day", [{ day: chosen.day }]);
  for (const name of bySource("days")) mark(name, !rows.some((row) => row.has_values || row.rejected), "No values for this choice");
}

// Thresholds of the axis: plain, or by log-odds between round values that enclose the curves.
const ROUND = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];
const logOdds = (threshold) => Math.log(threshold / (1 - threshold));

function setThresholdAxis(stretched) {
  const drawn = drawnThresholds().filter((threshold) => threshold > 0);
  const low = Math.max(0, ROUND.findLastIndex((edge) => edge <= drawn[0]));
  const high = ROUND.findIndex((edge) => edge >= drawn.at(-1));
  const ends = ROUND.slice(low, high < 0 ? ROUND.length : high + 1);
  const open = stretched && ends.length > 1;
  const every = ends.length > 7 ? 2 : 1;
  const fromHalf = (edge) => ROUND.indexOf(edge) - ROUND.indexOf(0.5);
  const ticks = open ? ends.filter((edge) => fromHalf(edge) % every === 0).map(logOdds) : [0, 0.2, 0.4, 0.6, 0.8, 1];
  const [first, last] = open ? [logOdds(ends[0]), logOdds(ends.at(-1))] : [0, 1];
  for (const name of ["threshold_precision", "threshold_recall", "threshold_f1"]) {
    views[name].signal("stretched", open).signal("ticks", ticks).signal("first", first).signal("last", last);
  }
}

// Plain axis unless most points of the curves would crowd into its outer tenths.
function crowded() {
  const drawn = drawnThresholds();
  return drawn.filter((threshold) => threshold < 0.1 || threshold > 0.9).length > 0.6 * drawn.length;
}

function onChartClick(act) {
  for (const view of Object.values(views)) {
    view.addEventListener("click", (_event, item) => item?.datum && act(item.datum));
  }
}
