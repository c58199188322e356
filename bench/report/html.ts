/** The report as one HTML file: nothing is loaded, no script is needed, and every figure has its numbers beside it. */
import type { Results } from '../results/directory.js';
import { type Answer, tableTitles } from './answers.js';
import { drawDiagram, isDiagram } from './diagram-drawing.js';
import type { Draw } from './drawing.js';
import { type Absent, cellsSentence, commandOf, type Figure, undrawnSentence } from './figures/figure.js';
import { examples, heatTables, heatTitle, isFaultExample, patternTable } from './figures/order.js';
import {
  cautions,
  disturbanceTable,
  machineTable,
  runTable,
  unmeasured,
  unmeasuredReason,
  unmeasuredTitle,
  unusable,
} from './figures/trust.js';
import { method, threatsOf, trustIntroduction } from './method.js';
import { patternOf } from './patterns.js';
import { ordersOf, roundTrips } from './selection.js';
import { stylesheet } from './stylesheet.js';
import { escapeHtml, inlineHtml, type ReportTable, tableHtml } from './table.js';

export interface Page {
  readonly results: Results;
  readonly answers: readonly Answer[];
  readonly figures: readonly Figure[];
  readonly absent: readonly Absent[];
}

function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => `<p>${inlineHtml(text)}</p>`).join('\n');
}

function list(texts: readonly string[], kind: 'ul' | 'ol' = 'ul'): string {
  return `<${kind}>${texts.map((text) => `<li>${inlineHtml(text)}</li>`).join('\n')}</${kind}>`;
}

async function figureHtml(figure: Figure, results: Results, draw: Draw): Promise<string> {
  const panels: string[] = [];
  for (const [at, panel] of figure.panels.entries()) {
    const svg = await draw(panel, `${figure.id}-${at}`);
    panels.push(`<div class="panel"><h4>${escapeHtml(panel.title)}</h4>${svg}</div>`);
  }
  return `<figure id="${figure.id}">
<h3>${escapeHtml(figure.title)}</h3>
<p class="reading"><span class="asks">${inlineHtml(figure.asks)}</span> ${inlineHtml(figure.reading)}</p>
<div class="panels">${panels.join('\n')}</div>
${provenance(figure.question, cellsSentence(figure.lines), commandOf(figure, results.run), undrawnSentence(figure))}
<details><summary>The numbers as a table</summary>${tableHtml(figure.table, figure.title)}</details>
</figure>`;
}

/** Which question a figure answers, of which cells it is, and how to make it again. */
function provenance(question: number, cells: string, command: string, undrawn?: string): string {
  const who = undrawn === undefined ? '' : `<p>${inlineHtml(undrawn)}</p>`;
  return `<figcaption>${who}<p>Question ${question}. Cells: ${inlineHtml(cells)}</p><p>Made again by <code>${escapeHtml(command)}</code></p></figcaption>`;
}

/** The count of inversions by pattern, and the shortest ones drawn. */
function orderFigures({ results }: Page): string {
  const { lines, run } = results;
  const heats = heatTables(lines);
  if (heats.length === 0) return '';
  const orders = ordersOf(lines);
  const command = commandOf({ workloads: ['W8'] }, run);
  return `<figure id="inversions">
<h3>Runs with an inversion, by pattern</h3>
<p class="reading"><span class="asks">How often does an effect arrive before its cause, or do receivers disagree?</span> Each field says in how many runs of all launches together at least one inversion was seen; the stronger the ground, the greater the share.</p>
${heats.map((heat) => tableHtml(heat.table, heatTitle(heat))).join('\n')}
${provenance(3, cellsSentence(orders), command)}
</figure>
${exampleFigures(results, command)}
<h3 id="patterns">Which programs contain these patterns</h3>
<div class="words">${tableHtml(patternTable(lines), 'The patterns in words')}</div>`;
}

function exampleFigures(results: Results, command: string): string {
  const panels = examples(results.lines).map((line, at) => {
    const fault = isFaultExample(line)
      ? ': no inversion, but a message that did not come as it was sent'
      : '';
    const title = `${patternOf(line.call).title} over ${line.contender}${fault}`;
    const { diagram, example } = line;
    const picture = isDiagram(diagram)
      ? `${drawDiagram(diagram, `diagram-${at}`)}<p class="quiet">${inlineHtml(diagram.sentence)}</p>`
      : `<pre>${escapeHtml(example ?? '')}</pre>`;
    const text =
      isDiagram(diagram) && example !== undefined
        ? `<details><summary>The same as text</summary><pre>${escapeHtml(example)}</pre></details>`
        : '';
    return `<div class="panel"><h4>${escapeHtml(title)}</h4>${picture}${text}</div>`;
  });
  if (panels.length === 0) return '';
  return `<figure id="examples">
<h3>The shortest inversions</h3>
<p class="reading"><span class="asks">What does it look like?</span> Time runs downwards; the smallest part of a recorded history that still shows it. Rows say only what all histories agree with.</p>
<div class="panels">${panels.join('\n')}</div>
${provenance(3, cellsSentence(examples(results.lines)), command)}
</figure>`;
}

async function questionHtml(page: Page, answer: Answer, draw: Draw): Promise<string> {
  const figures: string[] = [];
  for (const figure of page.figures.filter(({ question }) => question === answer.question)) {
    figures.push(await figureHtml(figure, page.results, draw));
  }
  if (answer.question === 3) figures.push(orderFigures(page));
  return `<section class="question" id="question-${answer.question}">
<p class="number-label">Question ${answer.question}</p>
<h2>${escapeHtml(answer.asks)}</h2>
<p class="answer">${inlineHtml(answer.short)}</p>
${list(answer.sentences)}
${answer.table === undefined ? '' : `<div class="key">${tableHtml(answer.table, tableTitles[answer.question])}</div>`}
${figures.join('\n')}
</section>`;
}

function trustHtml({ results, absent }: Page): string {
  const { run, lines } = results;
  const bad = unusable(results);
  const disturbance = disturbanceTable(roundTrips(lines));
  const optional = (title: string, texts: readonly string[], why = ''): string =>
    texts.length === 0 ? '' : `<h3>${title}</h3>${paragraphs(why === '' ? [] : [why])}${list(texts)}`;
  const table = (one: ReportTable | undefined, caption: string): string =>
    one === undefined ? '' : tableHtml(one, caption);
  return `<section class="question" id="trust">
<h2>How far these numbers can be trusted</h2>
<p>${escapeHtml(trustIntroduction)}</p>
<div class="facts">${tableHtml(runTable(results), 'The run')}${tableHtml(machineTable(results), 'The machine')}</div>
${optional('Noise', cautions(run))}
${optional('Cells that failed or may not be used', bad)}
${optional(unmeasuredTitle, unmeasured(run), unmeasuredReason)}
${optional(
  'Figures that this run has no cells for',
  absent.map(({ title, reason }) => `${title}: ${reason}`),
)}
${disturbance === undefined ? '' : `<details><summary>What else happened during the round trips of W1</summary>${table(disturbance, 'For each message, all processes of the cell together')}</details>`}
<h3 id="method">Method</h3>
${list(method, 'ol')}
<h3 id="threats">Threats to validity</h3>
${list(threatsOf(lines))}
</section>`;
}

/** The whole page. */
export async function reportHtml(page: Page, draw: Draw): Promise<string> {
  const { run, machine } = page.results;
  const sections: string[] = [];
  for (const answer of page.answers) sections.push(await questionHtml(page, answer, draw));
  const answers = page.answers.map(
    ({ question, asks, short }) =>
      `<li><a href="#question-${question}">${escapeHtml(asks)}</a><p>${inlineHtml(short)}</p></li>`,
  );
  const noise =
    cautions(run).length === 0
      ? ''
      : `<div class="noise" role="note"><p><strong>${run.noise.length > 0 ? 'Noisy:' : 'Small:'}</strong> read the figures with care.</p>${list(cautions(run))}</div>`;
  const description = `${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}${machine.is_dirty ? ' with changes' : ''}; ${run.tier} run of ${run.started.slice(0, 10)}, ${run.launches} ${run.launches === 1 ? 'launch' : 'launches'} of each cell, seed ${run.seed}.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Capstan: benchmark of transports</title>
<style>${stylesheet()}</style>
</head>
<body>
<header>
<h1>Transports, side by side</h1>
<p class="quiet">${escapeHtml(description)}</p>
${paragraphs(['Ratios within this run are what counts: times move with the machine.'])}
${noise}
<nav aria-label="The three questions"><ol>${answers.join('\n')}</ol></nav>
</header>
<main>
${sections.join('\n')}
${trustHtml(page)}
</main>
<footer><p>Repeat the run: <code>${escapeHtml(run.command)}</code>. All cells are in <code>cells.csv</code> and <code>cells.jsonl</code> beside this file, the samples of each in <code>histograms/</code>.</p>
<p class="paper">The tables of the figures are in <code>report.md</code>.</p></footer>
</body>
</html>
`;
}
