// Charts of single runs: a picker of strategies and runs, time axes that zoom together, the
// run's events as numbered lines. Everything it shows is in the page already; without it the
// drawn charts and the logs are there.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const runs = data.runs;
  const viewer = document.getElementById("viewer");
  const plots = document.getElementById("plots");
  const status = document.getElementById("status");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  if (!runs.length) return;

  // The palette of the drawn charts.
  const INKS = {
    light: {
      paper: "#ffffff", text: "#1b1d1f", muted: "#5a5f66", grid: "#dcdfe3",
      blue: "#0072b2", orange: "#d55e00", green: "#009e73", pink: "#b5558c",
      paleBlue: "#b8d8ea", paleOrange: "#f5d2b8", palePink: "#ead0df",
      outcomes: ["", "#d55e00", "#e69f00", "#7b3f99", "#0072b2", "#56b4e9", "#c9b800"],
    },
    dark: {
      paper: "#15181b", text: "#e9ebee", muted: "#a3a9b0", grid: "#363b41",
      blue: "#58b0ec", orange: "#ff8c42", green: "#2fd0a0", pink: "#e9a0cb",
      paleBlue: "#23465c", paleOrange: "#61371a", palePink: "#573c4d",
      outcomes: ["", "#ff8c42", "#f4bd45", "#b78ad0", "#58b0ec", "#9bd8ff", "#f6ee85"],
    },
  };
  const inks = () => (dark.matches ? INKS.dark : INKS.light);

  // Hatching, as in the drawn charts: what tells bands apart in black and white. Lines of a
  // pattern by their angle on a page.
  const HATCHES = [[], [-45], [0], [45], [90], [0, 90], [-45, 45]];
  const hatched = (colour, hatch) => {
    const ratio = devicePixelRatio || 1, side = 8 * ratio, paper = inks().paper;
    const tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const ctx = tile.getContext("2d");
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, side, side);
    ctx.strokeStyle = paper;
    ctx.lineWidth = 1.5 * ratio;
    const line = (...points) => {
      ctx.beginPath();
      ctx.moveTo(points[0], points[1]);
      ctx.lineTo(points[2], points[3]);
      ctx.stroke();
    };
    const half = side / 2, far = 2 * side;
    for (const angle of HATCHES[hatch]) {
      if (angle === 0) line(0, half, side, half);
      if (angle === 90) line(half, 0, half, side);
      // A slanted line enters its neighbour's corners.
      for (const shift of angle === 0 || angle === 90 ? [] : [-side, 0, side]) {
        if (angle < 0) line(shift - half, side + half, shift + far - half, half - side);
        else line(shift - half, -half, shift + far - half, far - half);
      }
    }
    return ctx.createPattern(tile, "repeat");
  };
  const swatch = (colour, hatch) => HATCHES[hatch].map((angle) =>
    "repeating-linear-gradient(" + (angle + 180) + "deg," + inks().paper + " 0 1px,transparent 1px 4px),").join("") +
    "linear-gradient(" + colour + "," + colour + ")";

  // A negative number says how often the value before it comes again.
  const unpacked = (packed) => {
    const values = [];
    for (const value of packed) {
      if (value !== null && value < 0) {
        const last = values[values.length - 1];
        for (let n = 0; n < -value; n++) values.push(last);
      } else values.push(value);
    }
    return values;
  };

  const clock = (seconds) => {
    const sign = seconds < -0.04 ? "-" : "";
    const tenths = Math.round(Math.abs(seconds) * 10);
    const two = (n) => String(n).padStart(2, "0");
    const whole = Math.floor(tenths / 10);
    const tail = tenths % 10 ? "." + (tenths % 10) : "";
    const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    return sign + (h ? h + ":" + two(m) : m) + ":" + two(s) + tail;
  };
  const number = (value) =>
    value == null ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 4 });

  const serieses = [...new Set(runs.map((run) => run.series))];
  let current = 0;
  let charts = [];
  let range = null;

  // One radio button each: arrow keys, labels and focus come with them.
  const pick = (fieldset, name, options, chosen, act) => {
    fieldset.querySelectorAll("label").forEach((label) => label.remove());
    options.forEach((option, index) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = name;
      input.value = String(index);
      input.checked = index === chosen;
      input.addEventListener("change", () => act(index));
      label.append(input, " " + option);
      fieldset.append(label);
    });
  };

  const ofSeries = (series) => runs.map((run, index) => ({ run, index })).filter((r) => r.run.series === series);

  const show = (index) => {
    const before = runs[current];
    current = index;
    const run = runs[index];
    // The picker's buttons stay where they are while the series does: the focus is on them.
    const mine = ofSeries(run.series);
    if (before.series !== run.series) range = null;
    if (before.series !== run.series || !document.querySelector("#pick-role label")) {
      const names = mine.map((r) => r.run.role + " (seed " + r.run.seed + ")");
      const chosen = mine.findIndex((r) => r.index === index);
      pick(document.getElementById("pick-role"), "role", names, chosen, (n) => show(mine[n].index));
    }
    document.querySelectorAll("details.run").forEach((details) => {
      const is = details.id === "run-" + index;
      details.hidden = !is;
      if (is) details.open = true;
    });
    draw();
  };

  const steps = (run) => {
    const sent = unpacked(run.sent);
    const start = (n) => Math.max(n * run.width - run.lacks, 0);
    const times = sent.map((_, n) => start(n) - run.deploy);
    times.push(run.window - run.deploy);
    // A stepped line needs its last value once more at the end.
    const held = (values) => values.concat([values[values.length - 1]]);
    const seconds = (n) => Math.max(Math.min(start(n + 1), run.window) - start(n), 1e-9);
    const rate = (packed) => held(unpacked(packed).map((count, n) => count / seconds(n)));
    const tenths = (packed) => held(unpacked(packed).map((v) => (v === null ? null : v / 10)));
    const failed = run.failed.map((part) => unpacked(part.counts));
    const open = unpacked(run.open);
    const ok = sent.map((count, n) => failed.reduce((rest, part) => rest - part[n], count - open[n]));
    return { times, held, rate, tenths, ok };
  };

  // A value holds from its time to the next one; the last time is the end. uPlot's own stepped
  // paths stop where a gap begins, and so leave out the step before it.
  const edges = (u, times) => times.map((time) => Math.round(u.valToPos(time, "x", true)));
  const drawn = (stroke, fill) => ({ stroke, fill, clip: null, band: null, gaps: null, flags: 1 });

  const stepped = (u, index) => {
    const [times, values] = [u.data[0], u.data[index]], x = edges(u, times);
    const stroke = new Path2D(), fill = new Path2D(), floor = u.bbox.top + u.bbox.height;
    for (let n = 0; n + 1 < times.length; n++) {
      if (values[n] == null) continue;
      const y = Math.round(u.valToPos(values[n], "y", true));
      stroke[n > 0 && values[n - 1] != null ? "lineTo" : "moveTo"](x[n], y);
      stroke.lineTo(x[n + 1], y);
      fill.rect(x[n], y, x[n + 1] - x[n], floor - y);
    }
    return drawn(stroke, fill);
  };

  // Bands on each other, each from the sum below it to its own; the legend shows the parts. What
  // there is at all is a pixel high and wide.
  const stacked = (times, layers) => {
    let sum = times.map(() => 0);
    const series = layers.map((layer) => {
      const below = sum;
      const above = sum = below.map((floor, n) => floor + layer.values[n]);
      const paths = (u) => {
        const x = edges(u, times), fill = new Path2D();
        const y = (value) => Math.round(u.valToPos(value, "y", true));
        for (let n = 0; n + 1 < times.length; n++) {
          if (!(layer.values[n] > 0)) continue;
          const floor = y(below[n]), top = Math.min(y(above[n]), floor - 1);
          fill.rect(x[n], top, Math.max(x[n + 1] - x[n], 1), floor - top);
        }
        return drawn(new Path2D(), fill);
      };
      return {
        sums: above, label: layer.name, stroke: layer.stroke, width: 1, paths,
        fill: hatched(layer.fill, layer.hatch), swatch: swatch(layer.fill, layer.hatch),
        value: (_, __, ___, at) => number(at == null ? null : layer.values[at]),
      };
    }).reverse();
    return { data: [times, ...series.map((one) => one.sums)], series };
  };

  const specs = (run) => {
    const ink = inks();
    const { times, rate, tenths, held, ok } = steps(run);
    const line = (label, stroke, dash) => ({ label, stroke, dash, width: 2, value: (_, v) => number(v) });
    const list = [];
    const failed = run.failed.map((part) => {
      const colour = ink.outcomes[part.kind];
      return { name: part.name, values: rate(part.counts), stroke: colour, fill: colour, hatch: part.kind - 1 };
    });
    if (failed.length) {
      list.push({ title: "failed requests/s, by outcome", height: 150, zero: true, ...stacked(times, failed) });
    }
    list.push({
      title: "requests/s", height: 110, zero: true,
      data: [times, rate(run.sent), rate(ok)],
      series: [line("sent", ink.muted, [8, 5]), line("ok", ink.green)],
    });
    const p50 = tenths(run.p50), p99 = tenths(run.p99);
    const low = Math.min(...p50.filter((v) => v > 0)), high = Math.max(...p99.filter((v) => v !== null), 0);
    const log = low > 0 && Number.isFinite(low) && high / low > 30;
    list.push({
      title: "latency of ok requests, ms" + (log ? " (log scale)" : ""), height: 150, zero: !log, log,
      data: [times, p99, p50],
      series: [line("p99", ink.orange), line("p50", ink.blue, [8, 5])],
    });
    if (run.pods.at.length) {
      const at = run.pods.at.map((t) => t - run.deploy).concat([run.window - run.deploy]);
      const layers = run.pods.layers.map((layer) => ({
        name: layer.name, values: held(unpacked(layer.counts)),
        stroke: layer.new ? ink.orange : ink.blue,
        fill: layer.ready ? (layer.new ? ink.orange : ink.blue) : (layer.new ? ink.paleOrange : ink.paleBlue),
        hatch: layer.ready ? (layer.new ? 1 : 0) : (layer.name.endsWith(" stopping") ? (layer.new ? 3 : 6) : (layer.new ? 2 : 4)),
      }));
      list.push({ title: "instances by version and state", height: 130, zero: true, ...stacked(at, layers) });
    }
    list.push({
      title: "the new version's share of the traffic, %", height: 90, zero: true, top: 100,
      data: [times, held(unpacked(run.weight).map((v) => v / 100))],
      series: [{ ...line("share", ink.pink), fill: ink.palePink, swatch: ink.palePink }],
    });
    return list;
  };

  // Dashed lines at the run's events, with their numbers where there is room.
  const marker = (run, numbered) => ({
    hooks: {
      draw: (u) => {
        const { ctx, bbox } = u, ratio = devicePixelRatio || 1;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
        ctx.clip();
        ctx.strokeStyle = ctx.fillStyle = inks().text;
        ctx.lineWidth = ratio;
        ctx.font = "bold " + 11 * ratio + "px sans-serif";
        ctx.textAlign = "center";
        ctx.textBaseline = "bottom";
        let last = -Infinity;
        run.marks.forEach(([at], index) => {
          const x = Math.round(u.valToPos(at - run.deploy, "x", true));
          ctx.setLineDash([5 * ratio, 4 * ratio]);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          if (numbered && x - last > 14 * ratio) {
            ctx.fillText(String(index + 1), x, bbox.top - 1);
            last = x;
          }
        });
        ctx.restore();
      },
    },
  });

  const options = (run, spec, first) => {
    const ink = inks();
    const axis = { stroke: ink.muted, grid: { stroke: ink.grid, width: 1 }, ticks: { stroke: ink.grid, width: 1 } };
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
    return {
      width: Math.max(plots.clientWidth - 18, 280),
      height: spec.height,
      padding: [first ? 16 : 10, 26, 0, 0],
      legend: { markers: { fill: (u, n) => u.series[n].swatch || null } },
      cursor: { sync: { key: "runs", setSeries: false }, drag: { x: true, y: false }, points: { show: false } },
      scales: {
        x: { time: false },
        y: { distr: spec.log ? 3 : 1, range: spec.zero ? (_, __, top) => [0, spec.top || (top > 0 ? top * 1.05 : 1)] : undefined },
      },
      axes: [
        { ...axis, incrs: step, values: (_, ticks) => ticks.map(clock), space: 70 },
        { ...axis, size: 64, values: (_, ticks) => ticks.map((v) => (v == null ? "" : number(v))) },
      ],
      series: [
        { label: "time", value: (_, v) => (v == null ? "–" : clock(v)) },
        ...spec.series.map((s) => ({ points: { show: false }, paths: stepped, ...s })),
      ],
      plugins: [marker(run, first)],
      hooks: {
        setScale: [(u, key) => {
          if (key === "x") moved(u.scales.x.min, u.scales.x.max);
        }],
      },
    };
  };

  const draw = () => {
    charts.forEach((chart) => chart.destroy());
    charts = [];
    plots.replaceChildren();
    const run = runs[current];
    specs(run).forEach((spec, index) => {
      const title = document.createElement("h4");
      title.textContent = spec.title;
      plots.append(title);
      charts.push(new uPlot(options(run, spec, index === 0), spec.data, plots));
    });
    charts.forEach((chart) => {
      chart.root.querySelector("canvas").setAttribute("aria-hidden", "true");
    });
    const marks = document.createElement("ol");
    marks.id = "marks";
    run.marks.forEach(([at, text], index) => {
      const item = document.createElement("li");
      item.textContent = index + 1 + ": " + clock(at - run.deploy) + " " + text;
      marks.append(item);
    });
    plots.append(marks);
    go(range || notable());
  };

  // The part in which something happens, where that is the smaller part of the window.
  const notable = () => {
    const run = runs[current];
    const counts = run.failed.map((part) => unpacked(part.counts));
    const failed = unpacked(run.sent).map((_, n) => counts.reduce((sum, part) => sum + part[n], 0));
    const peak = failed.reduce((a, b) => Math.max(a, b), 0);
    let last = Math.max(0, ...run.marks.map(([at]) => at));
    failed.forEach((count, n) => { if (count > peak * 0.05) last = Math.max(last, (n + 1) * run.width - run.lacks); });
    const [first, end] = whole();
    return last > 0 && last * 1.3 < run.window * 0.6 ? [first, first + last * 1.3] : [first, end];
  };
  const whole = () => [-runs[current].deploy, runs[current].window - runs[current].deploy];

  // All charts show the same span; what one is told the others are.
  let moving = false;
  const moved = (min, max) => {
    if (moving || min == null || max == null) return;
    go([min, max]);
  };
  const go = ([min, max]) => {
    const [first, last] = whole();
    const least = Math.min(1, last - first);
    let span = Math.min(Math.max(max - min, least), last - first);
    min = Math.min(Math.max(min, first), last - span);
    range = [min, min + span];
    moving = true;
    charts.forEach((chart) => chart.setScale("x", { min: range[0], max: range[1] }));
    queueMicrotask(() => { moving = false; });
    tell();
  };

  const tell = () => {
    const run = runs[current];
    const total = unpacked(run.sent).reduce((a, b) => a + b, 0);
    const failed = run.failed.reduce((sum, part) => sum + unpacked(part.counts).reduce((a, b) => a + b, 0), 0);
    status.textContent = run.series + ", " + run.role + " run, seed " + run.seed + ": " +
      failed.toLocaleString("en") + " of " + total.toLocaleString("en") + " requests failed; " + run.outcome +
      ". Shown: " + clock(range[0]) + " to " + clock(range[1]) + ".";
  };

  const zoom = (what) => {
    const [min, max] = range || whole();
    const span = max - min, middle = (min + max) / 2;
    const marks = runs[current].marks.map(([at]) => at - runs[current].deploy);
    const rollout = marks.length ? [Math.min(...marks), Math.max(...marks)] : whole();
    const room = Math.max((rollout[1] - rollout[0]) * 0.15, 5);
    const spans = {
      in: [middle - span / 4, middle + span / 4],
      out: [middle - span, middle + span],
      left: [min - span / 4, max - span / 4],
      right: [min + span / 4, max + span / 4],
      rollout: [rollout[0] - room, rollout[1] + room],
      all: whole(),
    };
    go(spans[what]);
  };

  viewer.querySelectorAll("[data-zoom]").forEach((button) => {
    button.addEventListener("click", () => zoom(button.dataset.zoom));
  });
  const keys = { ArrowLeft: "left", ArrowRight: "right", "+": "in", "=": "in", "-": "out", "0": "all", Escape: "all" };
  plots.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    zoom(keys[event.key]);
  });
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      charts.forEach((chart) => chart.setSize({ width: Math.max(plots.clientWidth - 18, 280), height: chart.height }));
    });
  });
  dark.addEventListener("change", draw);

  viewer.hidden = false;
  pick(document.getElementById("pick-series"), "series", serieses, 0, (n) => show(ofSeries(serieses[n])[0].index));
  show(0);
})();
