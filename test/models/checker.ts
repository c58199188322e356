/**
 * Runs spin on one model: generates the verifier, compiles it, explores every reachable state, and, where an assertion fails,
 * replays the trail to learn which one. A broken variant is explored breadth first, so that its trail is a shortest one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/source-tree.js';
import type { ModelRun } from './catalog.js';

export interface ModelResult {
  readonly states: number;
  readonly seconds: number;
  /** The violated property; `undefined` if all states are good. */
  readonly violated: string | undefined;
  /** The messages of the shortest way to the violation, as spin draws them: a column for each process. Empty if there is none. */
  readonly diagram: string;
}

const runLimitMs = 300_000;
const invalidEnd = 'END';

/** Why spin cannot run here, or `undefined`. */
export function whyNoSpin(): string | undefined {
  const found = spawnSync('spin', ['-V'], { encoding: 'utf8' });
  return found.status === 0 ? undefined : 'spin is not installed (Debian: apt-get install spin)';
}

export function modelPath(model: string): string {
  return join(projectRoot, 'docs', 'models', `${model}.pml`);
}

/** Throws if spin, the compiler or the verifier fail otherwise than by a violated property. */
export function checkModel(run: ModelRun): ModelResult {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-model-'));
  try {
    const file = modelPath(run.model);
    const defines = run.defines.map((name) => `-D${name}`);
    runProgram(folder, 'spin', ['-a', ...defines, file]);
    const search = run.violates === undefined ? ['-DCOLLAPSE'] : ['-DBFS'];
    runProgram(folder, 'cc', ['-O1', '-w', '-DSAFETY', ...search, '-o', 'pan', 'pan.c']);
    const text = runProgram(folder, join(folder, 'pan'), ['-m1000000']);
    if (text.includes('max search depth too small') || !text.includes('Full statespace search')) {
      throw new Error(`${run.model} was not explored to its end:\n${text}`);
    }
    const states = Number(/(\S+) states, stored/.exec(text)?.[1] ?? Number.NaN);
    const seconds = Number(/elapsed time (\S+) seconds/.exec(text)?.[1] ?? 0);
    if (/errors: 0\b/.test(text)) return { states, seconds, violated: undefined, diagram: '' };
    const replay = runProgram(folder, 'spin', ['-t', '-k', `${run.model}.pml.trail`, ...defines, file], true);
    const diagram = runProgram(
      folder,
      'spin',
      ['-t', '-c', '-k', `${run.model}.pml.trail`, ...defines, file],
      true,
    );
    return { states, seconds, violated: propertyOf(file, text, replay), diagram };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The name that stands beside the assertion that failed. */
function propertyOf(file: string, report: string, replay: string): string {
  if (report.includes('invalid end state (at depth')) return invalidEnd;
  const line = Number(/\.pml:(\d+), Error: assertion violated/.exec(replay)?.[1] ?? 0);
  const source = readFileSync(file, 'utf8').split('\n')[line - 1] ?? '';
  const name = /\/\* ([A-Z ]+?)[ ;:,.]*(?:[a-z].*)?\*\//.exec(source)?.[1];
  if (name === undefined) throw new Error(`${file}:${line}: no property is named beside "${source.trim()}"`);
  return name.trim();
}

function runProgram(folder: string, program: string, parameters: readonly string[], mayFail = false): string {
  const done = spawnSync(program, parameters, {
    cwd: folder,
    encoding: 'utf8',
    timeout: runLimitMs,
    maxBuffer: 1 << 26,
  });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0 && !mayFail) {
    throw new Error(
      `${program} ${parameters.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`,
    );
  }
  return done.stdout;
}
