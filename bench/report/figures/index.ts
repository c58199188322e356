/** All figures of the report, in its order. */
import type { ResultLine } from '../../results/line.js';
import {
  controlCallFigure,
  loadFigure,
  outstandingFigure,
  payloadFigure,
  roundTripFigure,
  spectrumFigure,
} from './calls.js';
import type { Absent, Figure, FigureMaker } from './figure.js';
import { holdingsFigure } from './holdings.js';
import { fanOutFigure, gainFigure, senderFigure } from './receivers.js';
import { sendersFigure, streamPayloadFigure, throughputFigure, workFigures } from './work.js';

const makers: readonly FigureMaker[] = [
  roundTripFigure,
  controlCallFigure,
  spectrumFigure,
  loadFigure,
  outstandingFigure,
  payloadFigure,
  throughputFigure,
  streamPayloadFigure,
  sendersFigure,
  ...workFigures,
  holdingsFigure,
  fanOutFigure,
  gainFigure,
  senderFigure,
];

/** The figures that the lines are enough for, and those that they are not. */
export function figuresOf(lines: readonly ResultLine[]): {
  readonly figures: Figure[];
  readonly absent: Absent[];
} {
  const figures: Figure[] = [];
  const absent: Absent[] = [];
  for (const { title, needs, make } of makers) {
    const figure = make(lines);
    if (figure === undefined) absent.push({ title, reason: `the run has no cells of ${needs}` });
    else if (figure.panels.length === 0)
      absent.push({
        title,
        reason: `the run has too few samples, or too few values, in its cells of ${needs}`,
      });
    else figures.push(figure);
  }
  return { figures, absent };
}
