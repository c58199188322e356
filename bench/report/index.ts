/**
 * The report of a run: `report.html`, `report.md`, `cells.csv` and `histograms/*.hlog` in the run's directory, all made from its results
 * alone, so that they can be made again at any time.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../results/directory.js';
import { answersOf } from './answers.js';
import { cellsCsv } from './csv.js';
import { createDraw, type Draw } from './drawing.js';
import { figuresOf } from './figures/index.js';
import { histogramFileName, histogramLog } from './histogram-log.js';
import { reportHtml } from './html.js';
import { reportMarkdown } from './markdown.js';
import { cellsOf } from './selection.js';

/**
 * Writes the report into `directory`, which is made if need be. Returns sentences for the user: what was written, and what was not.
 * Without vega and vega-lite (development dependencies) there is no HTML.
 */
export async function writeReport(
  results: Results,
  directory: string,
  findDraw: () => Promise<Draw | undefined> = createDraw,
): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  const { lines } = results;
  const answers = answersOf(lines);
  const { figures, absent } = figuresOf(lines);
  const said: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text);
    said.push(join(directory, name));
  };
  write('cells.csv', cellsCsv(lines));
  write('report.md', reportMarkdown(results, answers, figures, absent));
  writeHistograms(results, join(directory, 'histograms'));
  said.push(join(directory, 'histograms'));
  const draw = await findDraw();
  if (draw === undefined) {
    said.push('no report.html: vega and vega-lite are not installed (npm install --include=dev)');
  } else {
    write('report.html', await reportHtml({ results, answers, figures, absent }, draw));
  }
  return said;
}

/** Those of an earlier report are removed: a file there is a cell of this run. */
function writeHistograms({ run, lines }: Results, directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const parsed = Date.parse(run.started);
  const started = Number.isNaN(parsed) ? 0 : parsed;
  for (const cell of cellsOf(lines)) {
    if (cell.histogram === '') continue;
    writeFileSync(join(directory, histogramFileName(cell)), histogramLog(cell, started, run.duration_ms));
  }
}
