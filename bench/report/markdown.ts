/** The report as Markdown: the same answers and tables, without drawings. */
import type { Results } from '../results/directory.js';
import { answerLines, bullets } from './answer-lines.js';
import type { Answer } from './answers.js';
import { type Absent, cellsSentence, commandOf, type Figure, undrawnSentence } from './figures/figure.js';
import { examples, heatTables, heatTitle, isFaultExample, patternTable } from './figures/order.js';
import {
  cautions,
  machineTable,
  runTable,
  unmeasured,
  unmeasuredReason,
  unmeasuredTitle,
  unusable,
} from './figures/trust.js';
import { method, threatsOf } from './method.js';
import { patternOf } from './patterns.js';
import { type ReportTable, tableMarkdown } from './table.js';

/** A heading with what is below it; nothing where that is nothing. */
function part(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, '', ...lines, ''];
}

function table(one: ReportTable | undefined): string[] {
  return one === undefined || one.rows.length === 0 ? [] : tableMarkdown(one);
}

function figure(one: Figure, results: Results): string[] {
  return [
    ...part(`### ${one.title}`, [one.asks, one.reading, '', ...table(one.table)]),
    ...[undrawnSentence(one)].filter((text) => text !== undefined),
    `Cells: ${cellsSentence(one.lines)}`,
    `Made again by \`${commandOf(one, results.run)}\`.`,
    '',
  ];
}

function orders({ lines, run }: Results): string[] {
  return [
    ...part(
      '### Runs with an inversion, by pattern',
      heatTables(lines).flatMap((heat) => [`${heatTitle(heat)}:`, '', ...table(heat.table), '']),
    ),
    ...examples(lines).flatMap((line) =>
      line.example === undefined
        ? []
        : part(
            `### ${isFaultExample(line) ? 'A message that did not come as it was sent' : 'Shortest inversion'}: ${patternOf(line.call).title} over ${line.contender}`,
            ['```', line.example, '```'],
          ),
    ),
    ...part('### Which programs contain these patterns', table(patternTable(lines))),
    ...(heatTables(lines).length === 0
      ? []
      : [`Made again by \`${commandOf({ workloads: ['W8'] }, run)}\`.`, '']),
  ];
}

export function reportMarkdown(
  results: Results,
  answers: readonly Answer[],
  figures: readonly Figure[],
  absent: readonly Absent[],
): string {
  const lines = [
    '# Transports, side by side',
    '',
    ...part('Read the figures with care:', bullets(cautions(results.run))),
  ];
  for (const answer of answers) {
    lines.push(...answerLines(answer));
    for (const one of figures.filter(({ question }) => question === answer.question))
      lines.push(...figure(one, results));
    if (answer.question === 3) lines.push(...orders(results));
  }
  lines.push(
    ...part('## How far these numbers can be trusted', [
      ...table(runTable(results)),
      '',
      ...table(machineTable(results)),
    ]),
    ...part('### Noise', bullets(cautions(results.run))),
    ...part('### Cells that failed or may not be used', bullets(unusable(results))),
    ...(unmeasured(results.run).length === 0
      ? []
      : part(`### ${unmeasuredTitle}`, [unmeasuredReason, '', ...bullets(unmeasured(results.run))])),
    ...part(
      '### Figures that this run has no cells for',
      bullets(absent.map(({ title, reason }) => `${title}: ${reason}`)),
    ),
    ...part(
      '## Method',
      method.map((text, at) => `${at + 1}. ${text}`),
    ),
    ...part('## Threats to validity', bullets(threatsOf(results.lines))),
  );
  return `${lines.join('\n').trimEnd()}\n`;
}
