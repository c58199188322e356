/**
 * The command line: every command with its options, checked against docs/commands.md by a test. The work of a command is in a file
 * of its own in `commands/`, imported when the command is called.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { spinUsMax } from '../../broker/contract/limits.js';
import { defaultTransport } from '../library/address.js';
import { report } from './failure.js';
import { Output } from './output.js';
import type { CommandContext, GlobalOptions } from './session.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Does a command's work; returns its exit status. */
type Work = (context: CommandContext) => Promise<number>;

/** The whole command line. `finish` gets the exit status of the command that was run. */
export function createProgram(version: string, env: Env, finish: (status: number) => void): Command {
  const program = new Command('capstan');
  program
    .description('Starts, supervises and stops services, and controls the manager that does.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print how the command is used')
    .addOption(
      new Option('--transport <name>', 'transport to the manager (sockets, bus, datagram)').default(
        defaultTransport,
      ),
    )
    .option(
      '--socket <path>',
      'control socket of the manager; default: CAPSTAN_SOCKET, or the one of the user or the system',
    )
    .option('--json', 'print one object, or one on each line')
    .option('--quiet', 'print nothing but errors and what was asked for')
    .option('--no-color', 'no colours (also with NO_COLOR in the environment, or without a terminal)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    // Errors are reported by who catches them, like all others.
    .configureOutput({ outputError: () => undefined });

  const doing = (command: Command, work: Work): Promise<void> => perform(command, env, work, finish);
  addRun(program, doing);
  addChanges(program, doing);
  addReports(program, doing);
  addIntrospection(program, doing);
  addSimple(program, doing);
  addBench(program, doing);
  return program;
}

type Doing = (command: Command, work: Work) => Promise<void>;

async function perform(
  command: Command,
  env: Env,
  work: Work,
  finish: (status: number) => void,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const noColor = env['NO_COLOR'];
  const output = new Output(process.stdout, process.stderr, {
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    color: options.color && (noColor === undefined || noColor === '') && process.stdout.isTTY === true,
  });
  try {
    finish(await work({ options, output, env }));
  } catch (error) {
    finish(report(output, error, { transport: options.transport }));
  }
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0 || value > 1_000_000) {
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  }
  return value;
}

function count(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number.');
  return Number(text);
}

function spinTime(text: string): number {
  if (!/^[0-9]{1,3}$/.test(text) || Number(text) > spinUsMax) {
    throw new InvalidArgumentError(`It must be a whole number of microseconds, 0 to ${spinUsMax}.`);
  }
  return Number(text);
}

const directoryOption: readonly [string, string] = [
  '-d, --services-dir <dir>',
  'directory of service descriptions, may be given several times; default: those of the user or the system',
];

function addRun(program: Command, doing: Doing): void {
  program
    .command('run')
    .description('run a manager in the foreground, until it is told to end')
    .argument('[service...]', 'services to start', [])
    .summary('run a manager in the foreground')
    .option(directoryOption[0], directoryOption[1], collect)
    .addOption(new Option('--user', "the user's own manager").conflicts('system'))
    .addOption(new Option('--system', "the system's manager; default for root").conflicts('user'))
    .option('--ready-fd <n>', 'write a line to this descriptor when the sockets accept', count)
    .option('--spin-us <n>', 'look for messages so many microseconds before sleeping; default 0', spinTime)
    .action((services: string[], flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/run.js')).run(context, services, flags)),
    );
  program
    .command('check')
    .description('check service descriptions, without a manager; the default is to check all that are found')
    .summary('check service descriptions')
    .argument('[service...]', 'services to check, with all that they refer to', [])
    .option(directoryOption[0], directoryOption[1], collect)
    .addOption(new Option('--user', "the user's own directories").conflicts('system'))
    .addOption(new Option('--system', "the system's directories; default for root").conflicts('user'))
    .action((services: string[], flags: object, command: Command) =>
      doing(command, async (context) =>
        (await import('./commands/check.js')).check(context, services, flags),
      ),
    );
}

function addChanges(program: Command, doing: Doing): void {
  const add = (name: 'start' | 'stop' | 'restart' | 'wake' | 'release', text: string): Command =>
    program
      .command(name)
      .description(text)
      .argument('<service...>', 'names of services')
      .option('--no-wait', 'do not wait for the outcome')
      .option('--timeout <seconds>', 'wait at most so long', seconds)
      .action((services: string[], flags: { wait: boolean }, command: Command) =>
        doing(command, async (context) =>
          (await import('./commands/change.js')).change(context, name, services, flags),
        ),
      );
  add('start', 'start services, with all that they depend on').option(
    '--pin',
    'keep them started until unpinned',
  );
  add('stop', 'stop services')
    .option('--pin', 'keep them stopped until unpinned')
    .option('-f, --force', 'stop what depends on them, too');
  add('restart', 'stop and start services that are started').option(
    '-f, --force',
    'restart what depends on them, too',
  );
  add('wake', 'start services for those that depend on them, without asking for them by name').option(
    '--pin',
    'keep them started until unpinned',
  );
  add('release', 'let services stop when nothing else needs them');
}

function addReports(program: Command, doing: Doing): void {
  program
    .command('status')
    .description('show the state of services in full; without a name: that of the manager')
    .summary('show the state of services, or of the manager')
    .argument('[service...]', 'names of services', [])
    .action((services: string[], _flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/status.js')).status(context, services)),
    );
  program
    .command('list')
    .description('list the services that are loaded')
    .action((_flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/list.js')).list(context)),
    );
  program
    .command('log')
    .description('print what a service has written (log-type = buffer)')
    .argument('<service>', 'name of a service')
    .option('-f, --follow', 'go on with what it writes, until interrupted or the manager ends')
    .option('-n, --lines <n>', 'only the newest so many lines', count)
    .option('--clear', 'empty the log afterwards')
    .action((service: string, flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/log.js')).log(context, service, flags)),
    );
  program
    .command('events')
    .description('print what happens, until interrupted')
    .argument('[service...]', 'only of these services', [])
    .option('--logs', 'lines of logs, too')
    .option('--current', 'begin with the state of each service')
    .action((services: string[], flags: object, command: Command) =>
      doing(command, async (context) =>
        (await import('./commands/events.js')).events(context, services, flags),
      ),
    );
  program
    .command('shutdown')
    .description('stop all services and end the manager')
    .option('--no-wait', 'do not wait for the end')
    .action((flags: { wait: boolean }, command: Command) =>
      doing(command, async (context) => (await import('./commands/shutdown.js')).shutdown(context, flags)),
    );
}

/** The options that choose peers and handles. */
function addWhich(command: Command): Command {
  return command
    .option('--peer <peer>', 'only of this process or program, may be given several times', collect)
    .option('--uid <user>', 'only of this user (a name or a uid), may be given several times', collect);
}

function addNodes(command: Command): Command {
  return addWhich(command)
    .option('--service <name>', 'only what is of this service, may be given several times', collect)
    .option('--node <node>', 'only of nodes with this label or id, may be given several times', collect);
}

function addIntrospection(program: Command, doing: Doing): void {
  addWhich(
    program.command('peers').description('list who is connected, over all transports of the manager'),
  ).action((flags: object, command: Command) =>
    doing(command, async (context) => (await import('./commands/peers.js')).peers(context, flags)),
  );
  addNodes(program.command('handles').description('list who holds what'))
    .option('--tree', 'draw the nodes, and who holds each of them')
    .addOption(
      new Option('--accounts', 'whose quotas pay instead, and who uses them up').conflicts([
        'tree',
        'peer',
        'service',
        'node',
      ]),
    )
    .action((flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/handles.js')).handles(context, flags)),
    );
  addNodes(program.command('monitor').description('print what passes on the transports, until interrupted'))
    .option(
      '--kind <kind>',
      'only of this kind (message, call, reply, …), may be given several times',
      collect,
    )
    .option('--bytes <n>', 'show so many bytes of each payload, at most 256', count)
    .action((flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/monitor.js')).monitor(context, flags)),
    );
  program
    .command('metrics')
    .description("print the manager's numbers for monitoring systems")
    .addOption(
      new Option('--format <format>', 'text format')
        .choices(['openmetrics', 'prometheus'])
        .default('openmetrics'),
    )
    .action((flags: { format: 'openmetrics' | 'prometheus' }, command: Command) =>
      doing(command, async (context) => (await import('./commands/metrics.js')).metrics(context, flags)),
    );
}

function addSimple(program: Command, doing: Doing): void {
  program
    .command('unpin')
    .description('let pinned services start and stop again')
    .argument('<service...>', 'names of services')
    .action((services: string[], _flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/simple.js')).unpin(context, services)),
    );
  program
    .command('signal')
    .description("send a signal to services' processes")
    .argument('<signal>', 'a name such as TERM or HUP, or a number')
    .argument('<service...>', 'names of services')
    .action((signal: string, services: string[], _flags: object, command: Command) =>
      doing(command, async (context) =>
        (await import('./commands/simple.js')).signal(context, signal, services),
      ),
    );
  program
    .command('unload')
    .description('forget the descriptions of stopped services')
    .argument('<service...>', 'names of services')
    .action((services: string[], _flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/simple.js')).unload(context, services)),
    );
}

function addBench(program: Command, doing: Doing): void {
  program
    .command('bench')
    .argument('[args...]', 'compare, gate, report or self-test, with what it wants; without: a run')
    .description(
      "compare the transports on this machine; 'capstan bench --help' has its own options and commands",
    )
    .summary('compare the transports on this machine')
    // The benchmark is a program of its own, which is given the same words and judges them; it prints its own pages, too.
    .helpOption(false)
    .allowUnknownOption()
    .action((_args: readonly string[], _flags: object, command: Command) =>
      doing(command, async (context) => (await import('./commands/bench.js')).bench(context)),
    );
}
