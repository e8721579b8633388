// Wires the reader's choices to texts and charts.

let stretchedByReader = null;

function option(select, values, names = (value) => value) {
  select.replaceChildren(...values.map((value) => new Option(names(value), value)));
}

function dayLabel(day) {
  const provisional = page.curves.some((curve) => curve.day === day && curve.quality?.provisional);
  const short = new Date(`${day}T00:00Z`).toLocaleDateString("en-GB", {
    weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC",
  });
  return provisional ? `${short} (few labels)` : short;
}

function buildControls() {
  option($("day"), [...page.days].reverse(), dayLabel);
  option($("class"), page.classes);
  option($("slice"), page.slices, sliceName);
  $("class-control").hidden = page.classes.length < 2;
  $("slice-control").hidden = page.slices.length < 2;
  $("variants").replaceChildren(...page.variants.map((variant) => {
    const box = make("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      chosen.variants[box.checked ? "add" : "delete"](variant);
      show();
    });
    return make("label", { className: "chip", colour: page.colours[variant] }, box, markOf(variant), variant);
  }));
}

function moveDay(steps) {
  const day = page.days[page.days.indexOf(chosen.day) + steps];
  if (day) {
    chosen.day = day;
    show();
  }
}

function showControls() {
  $("day").value = chosen.day;
  $("slice").value = chosen.slice;
  $("earlier").disabled = chosen.day === page.days[0];
  $("later").disabled = chosen.day === page.days.at(-1);
  $("stretched").checked = stretchedByReader ?? crowded();
  $("curve-grid").classList.toggle("many", chosenVariants().length > 3);
}

// Only what depends on the chosen threshold: fast enough to follow the slider.
function showThreshold() {
  const drawn = drawnThresholds();
  const above = drawn.findIndex((threshold) => threshold >= chosen.threshold);
  $("threshold").max = Math.max(0, drawn.length - 1);
  $("threshold").value = above < 0 ? drawn.length - 1 : above;
  $("threshold").disabled = drawn.length < 2;
  $("threshold").setAttribute("aria-valuetext", `threshold ${chosen.threshold}`);
  $("threshold-value").value = chosen.threshold;
  const points = chosenCurves().map((curve) => pointAt(curve, chosen.threshold)).filter(Boolean);
  showChosenPoints(points);
  fill("chosen", points);
  return run(bySource("chosen"));
}

async function show() {
  showControls();
  showHeader();
  showTiles();
  showSlices();
  showDecisions();
  showBalance();
  showSource();
  fillCurves();
  fillDays();
  setThresholdAxis($("stretched").checked);
  await showThreshold();
  await run();
}

function chooseThreshold(threshold) {
  chosen.threshold = threshold;
  showThreshold();
}

function listen() {
  $("day").addEventListener("change", () => { chosen.day = $("day").value; show(); });
  $("class").addEventListener("change", () => { chosen.classLabel = $("class").value; show(); });
  $("slice").addEventListener("change", () => { chosen.slice = $("slice").value; show(); });
  $("earlier").addEventListener("click", () => moveDay(-1));
  $("later").addEventListener("click", () => moveDay(1));
  $("stretched").addEventListener("change", () => { stretchedByReader = $("stretched").checked; show(); });
  $("threshold").addEventListener("input", () => chooseThreshold(drawnThresholds()[$("threshold").value]));
  $("threshold-value").addEventListener("change", () => {
    const typed = $("threshold-value").valueAsNumber;
    chooseThreshold(Number.isNaN(typed) ? chosen.threshold : Math.min(1, Math.max(0, typed)));
  });
  $("operating").addEventListener("click", () => chooseThreshold(operatingThreshold()));
  onChartClick((datum) => {
    if (typeof datum.threshold === "number") chooseThreshold(datum.threshold);
    else if (datum.variant && page.days.includes(datum.day)) { chosen.day = datum.day; show(); }
  });
}

buildControls();
chosen.threshold = operatingThreshold();
drawCharts().then(() => { listen(); return show(); }).then(() => document.documentElement.classList.add("ready"));
