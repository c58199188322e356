/**
 * `npm run model`: explores all models and their broken variants, and says of each what was found.
 * `npm run model -- --show MODEL [DEFINE…]`: draws the shortest way to the violation.
 *
 * Exit status 0: all is as expected; 1: it is not, or spin is missing; 2: wrong usage.
 */
import { basename } from 'node:path';
import { modelRuns } from './catalog.js';
import { checkModel, whyNoSpin } from './checker.js';

function label(model: string, defines: readonly string[]): string {
  return [model, ...defines].join(' ');
}

function show(words: readonly string[]): number {
  const wanted = words.join(' ');
  const run = modelRuns.find((each) => label(each.model, each.defines) === wanted);
  if (run === undefined) {
    console.error(
      `there is no such run; the runs are:\n${modelRuns.map((each) => `  ${label(each.model, each.defines)}`).join('\n')}`,
    );
    return 2;
  }
  const { violated, diagram, states } = checkModel(run);
  console.log(
    violated === undefined
      ? `holds in all ${states} states`
      : `${diagram}\nviolates ${violated}, in the shortest way`,
  );
  return 0;
}

function checkAll(): number {
  let wrong = 0;
  for (const run of modelRuns) {
    const { violated, states, seconds } = checkModel(run);
    const isRight = violated === run.violates;
    if (!isRight) wrong += 1;
    const found = violated === undefined ? 'holds' : `violates ${violated}`;
    const expected = isRight
      ? ''
      : `  EXPECTED ${run.violates === undefined ? 'to hold' : `to violate ${run.violates}`}`;
    console.log(
      `${isRight ? 'ok  ' : 'FAIL'} ${label(run.model, run.defines).padEnd(34)} ${found.padEnd(22)} ${String(states).padStart(9)} states ${seconds.toFixed(1).padStart(6)} s${expected}`,
    );
  }
  const broken = modelRuns.filter((run) => run.violates !== undefined).length;
  console.log(
    `${modelRuns.length - broken} models hold, ${broken} broken variants were to fail; ${wrong} results are wrong`,
  );
  return wrong === 0 ? 0 : 1;
}

const usage = 'usage: npm run model [-- --show MODEL [DEFINE…]]';
const [option, ...words] = process.argv.slice(2);
const reason = whyNoSpin();
if (option === '--help' || option === '-h') {
  console.log(usage);
} else if (option !== undefined && option !== '--show') {
  console.error(`there is no option '${option}'\n${usage}`);
  process.exitCode = 2;
} else if (reason !== undefined) {
  console.error(`${basename(process.argv[1] ?? 'model')}: ${reason}`);
  process.exitCode = 1;
} else {
  process.exitCode = option === '--show' ? show(words) : checkAll();
}
