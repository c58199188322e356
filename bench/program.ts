/**
 * The commands of the benchmark and their help pages: the run itself, and what is done beside it. Nothing here measures; `run-command.ts` calls
 * what is chosen, each file of work is loaded when it is needed.
 */
import { Command } from 'commander';
import { launchCount, names, placementNames, wholeNumber, workloadNames } from './arguments.js';
import { withPage } from './pages.js';
import { knownPlacements } from './placements.js';
import { workloads } from './run.js';
import type { Output } from './statistics/output.js';

/** What a run is asked for. */
export interface RunArguments {
  readonly smoke?: boolean;
  readonly quick?: boolean;
  readonly standard?: boolean;
  readonly full?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly workload?: readonly string[];
  readonly transport?: readonly string[];
  readonly peers: string;
  readonly placement?: readonly string[];
  readonly launches?: number;
  readonly seed: number;
  readonly resume?: boolean;
  readonly replace?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/** A command beside the run: its page, and its work, which returns the exit status. */
export interface Subcommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<{
    readonly createCommand: () => Command;
    readonly run: (args: readonly string[], output?: Output) => Promise<number>;
  }>;
}

export const subcommands: readonly Subcommand[] = [
  {
    name: 'compare',
    usage: 'compare A B',
    summary: 'what changed between two runs, and how sure that is',
    load: async () => {
      const { createCompareCommand, runCompare } = await import('./statistics/compare-main.js');
      return { createCommand: createCompareCommand, run: runCompare };
    },
  },
  {
    name: 'gate',
    usage: 'gate --baseline DIR [RUN]',
    summary: "for a project's CI: 1 if a run is surely worse than a baseline",
    load: async () => {
      const { createGateCommand, runGate } = await import('./statistics/gate-main.js');
      return { createCommand: createGateCommand, run: runGate };
    },
  },
  {
    name: 'report',
    usage: 'report DIR',
    summary: 'make the report of a run again; measures nothing',
    load: async () => {
      const { createReportCommand, runReport } = await import('./report-main.js');
      return { createCommand: createReportCommand, run: runReport };
    },
  },
  {
    name: 'self-test',
    usage: 'self-test',
    summary: 'whether the benchmark finds what is injected, and what it costs itself; half a minute',
    load: async () => {
      const { createSelfTestCommand, runSelfTestCommand } = await import('./statistics/self-test-main.js');
      return { createCommand: createSelfTestCommand, run: runSelfTestCommand };
    },
  },
];

function subcommandLines(): string {
  const width = Math.max(...subcommands.map(({ usage }) => usage.length));
  return [
    "Other commands, each with a page of its own (for example 'capstan bench compare --help'):",
    ...subcommands.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
  ].join('\n');
}

/** The command that makes a run. What stands there besides options is kept, for `run-command.ts` to say what is wrong with it. */
export function createRunCommand(): Command {
  const command = new Command('capstan bench')
    .usage('[options]')
    .description('Compares the transports on this machine, with each other and with what people use today.')
    .allowExcessArguments()
    .option('--smoke', 'that everything works, not how fast it is: about a minute')
    .option('--quick', 'the first comparison, in under a minute (if no other size is asked for)')
    .option('--standard', 'all workloads, in under twenty minutes')
    .option('--full', 'the most, with intervals to publish; says beforehand how long')
    .option(
      '--out <dir>',
      'write results and their report there; the same command goes on with a run that was interrupted, and measures nothing again of one that is finished',
    )
    .option('--resume', 'only go on with the unfinished run in --out, or say why not')
    .option('--replace', 'remove the run in --out first, whatever it is')
    .option(
      '--workload <names>',
      `only these: ${workloads.join(', ')}; several separated by commas, may be repeated`,
      workloadNames(workloads),
    )
    .option(
      '--transport <names>',
      'only these: memory, sockets, datagram, bus; several separated by commas, may be repeated',
      names,
    )
    .option(
      '--peers <names>',
      'who else is compared: auto (who is installed), none (but C and Node), or names separated by commas',
      'auto',
    )
    .option(
      '--placement <names>',
      `only there: ${knownPlacements.join(', ')}; everything is measured at the first of them, and round trips at all`,
      placementNames(knownPlacements),
    )
    .option(
      '--launches <number>',
      'how often the processes of each cell (but W8) are started; more make smaller changes sure',
      launchCount,
    )
    .option('--seed <number>', 'seed for the order of everything', wholeNumber, 1)
    .option('--json', 'one object a cell, one a line')
    .option('--quiet', 'no progress')
    .option('--no-color', 'no colours (also with NO_COLOR in the environment, or without a terminal)');
  return withPage(command, {
    notes: [
      subcommandLines(),
      'Progress goes to standard error, results to standard output. docs/benchmark.md says what is measured, and how.',
    ],
    statuses: [
      'done',
      'a cell failed, or could not be run',
      'wrong usage; a directory whose run would be overwritten; nothing to resume',
      'done, but something that was asked for is missing, and named',
    ],
    examples: [
      ['capstan bench', 'a first look, in under a minute'],
      ['capstan bench --standard --out DIR', 'all workloads, and a report in DIR'],
      ['capstan bench --standard --workload W1,W4 --peers dbus-broker', 'two workloads, and who is compared'],
      [
        'capstan bench --standard --workload W1 --transport sockets --placement one-core --launches 20 --out DIR',
        "few cells, often: for 'gate', so that small changes are found",
      ],
    ],
  });
}
