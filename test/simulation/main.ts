/**
 * The simulation as a program: `npm run simulate -- --minutes 10`, or one schedule again with `--seed N --steps M`.
 *
 *     --seed N --steps M   one schedule; its smallest failing part as a diagram, if it breaks a rule
 *     --minutes N          schedules from fresh seeds for so long (default 1)
 *     --from N             the first of those seeds, instead of a random one
 *     --scenes             all interleavings of the scenes, the long ones included
 *     --broken NAME        a broker that is broken on purpose instead of the real one (`list` names them; `all` tells of each the
 *                          first schedule that finds it, as docs/simulation.md has it)
 *
 * Exit status 0: nothing is broken; 1: something is, and was printed; 2: wrong usage.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { numberOption, runMain, say, WrongUsage } from '../support/main-program.js';
import { brokenBrokers, findBroken } from './broken/index.js';
import { explore } from './explore.js';
import { type Failure, sceneText, type TryOptions, trySeed } from './report.js';
import { type BrokerMaker, createBroker } from './run.js';
import { longScenes, scenes } from './scenes.js';

const defaultSteps = 300;
const seedMax = 2 ** 31;
const progressMs = 10_000;
/** For each of the broken brokers. */
const schedulesMax = 100;

const usage =
  'usage: npm run simulate [-- [--minutes N] [--from SEED] [--seed N] [--steps N] [--scenes] [--broken NAME]]';

function brokerOf(name: string | undefined): { readonly make: BrokerMaker; readonly flags: string } {
  if (name === undefined) return { make: createBroker, flags: '' };
  const broken = brokenBrokers.find((each) => each.name === name);
  if (broken !== undefined) return { make: broken.make, flags: ` --broken '${name}'` };
  throw new WrongUsage(
    `broken brokers:\n${brokenBrokers.map((each) => `  ${each.name}: ${each.what}`).join('\n')}`,
  );
}

async function runScenes(make: BrokerMaker): Promise<boolean> {
  for (const scene of [...scenes, ...longScenes]) {
    const result = await explore(scene, { make, reduction: make === createBroker ? 'tidy' : 'wary' });
    if (result.failure !== undefined) {
      say(sceneText(scene, result));
      return false;
    }
    say(`${scene.name}: all ${result.schedules} schedules keep every rule (${result.moves} moves)`);
  }
  return true;
}

async function tellBroken(steps: number): Promise<boolean> {
  let isAllFound = true;
  for (const broken of brokenBrokers) {
    const found = await findBroken(broken, schedulesMax, steps);
    isAllFound &&= broken.finds.every((rule) => found.has(rule));
    const findings = broken.finds.map((rule) => `\`${rule}\` ${found.get(rule)?.schedule ?? '-'}`);
    say(`| ${broken.name} | ${broken.what} | ${findings.join(', ')} |`);
  }
  return isAllFound;
}

async function runFor(minutes: number, from: number, steps: number, broker: TryOptions): Promise<boolean> {
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  let toldMs = startMs;
  let seed = from;
  say(`seeds from ${from}, ${steps} steps each, for ${minutes} min`);
  for (; performance.now() < endMs; seed += 1) {
    const failure = await trySeed(seed, steps, broker);
    if (failure !== undefined) return tell(failure);
    if (performance.now() - toldMs < progressMs) continue;
    toldMs = performance.now();
    say(`${seed - from + 1} schedules keep every rule; ${Math.ceil((endMs - toldMs) / 1000)} s left`);
  }
  say(`${seed - from} schedules of ${steps} steps, seeds ${from} to ${seed - 1}: every rule is kept`);
  return true;
}

function tell(failure: Failure): false {
  say(failure.text);
  return false;
}

async function main(): Promise<boolean> {
  const options = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      seed: options,
      steps: options,
      minutes: options,
      from: options,
      broken: options,
      scenes: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    say(usage);
    return true;
  }
  const steps = numberOption('steps', values.steps, defaultSteps);
  if (values.broken === 'all') return tellBroken(steps);
  const broker = brokerOf(values.broken);
  if (values.scenes === true) return runScenes(broker.make);
  if (values.seed === undefined) {
    const from = numberOption('from', values.from, randomInt(seedMax));
    return runFor(numberOption('minutes', values.minutes, 1), from, steps, broker);
  }
  const failure = await trySeed(numberOption('seed', values.seed, 0), steps, broker);
  if (failure !== undefined) return tell(failure);
  say(`seed ${values.seed}, ${steps} steps: every rule is kept`);
  return true;
}

await runMain(main, usage);
