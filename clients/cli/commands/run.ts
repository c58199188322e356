/**
 * `run`: a manager in the foreground. Everything that can be known to be wrong is said before anything is started; then this
 * process becomes init (exec), which starts the broker (broker-process.ts) with what stands here.
 */
import { existsSync, fstatSync, lstatSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../../../broker/contract/index.js';
import { checkDescriptions, initPath } from '../../../broker/index.js';
import { isSystemError, loadNative } from '../../../broker/native/addon.js';
import { transportSocket } from '../../library/address.js';
import { transportNames } from '../../library/connect.js';
import { checkCommand, Failed, UsageError } from '../failure.js';
import type { Output } from '../output.js';
import { type DirectoryFlags, modeOf, serviceDirectories } from '../service-directories.js';
import { type CommandContext, socketOf } from '../session.js';
import { printFinding } from './check.js';

export interface RunFlags extends DirectoryFlags {
  readonly readyFd?: number;
  readonly spinUs?: number;
}

/**
 * A broker that shows no sign of life for so long is replaced (init I11). Loading a hundred thousand descriptions, the longest it
 * is ever busy, takes a quarter of this where nothing else runs.
 */
const watchdogMs = 60_000;

/** The service that is started when none is named. */
const defaultService = 'boot';

/** Does not return unless something is wrong. */
export async function run(
  context: CommandContext,
  named: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const { output, env } = context;
  const mode = modeOf(flags);
  const socket = resolvedSocket(socketOf(context, mode));
  const directories = serviceDirectories(output, flags, env);
  checkSocket(output, socket);
  checkReady(flags.readyFd);
  const services = named.length > 0 ? named : [defaultService];
  checkServices(context, directories, services, named.length === 0);
  const init = initPath(env);
  if (!existsSync(init)) {
    const advice = 'build it with "npm run build:native" (a C compiler and make are needed)';
    return fail(output, 'not-found', `capstan-init is missing: ${init}`, advice);
  }
  const { quiet, json } = context.options;
  const broker = [
    ...[process.execPath, fileURLToPath(new URL('../broker-process.js', import.meta.url))],
    ...[
      '--socket',
      socket,
      '--mode',
      mode,
      '--form',
      quiet === true ? 'quiet' : json === true ? 'json' : 'text',
    ],
    ...directories.flatMap((directory) => ['--services-dir', directory]),
    ...(flags.readyFd === undefined ? [] : ['--ready-fd', String(flags.readyFd)]),
    ...(flags.spinUs === undefined ? [] : ['--spin-us', String(flags.spinUs)]),
    ...['--', ...services],
  ];
  // Standard input, output and error go to the broker anyway.
  const passed =
    flags.readyFd === undefined || flags.readyFd <= 2 ? [] : ['--pass-fd', String(flags.readyFd)];
  output.note(`Manager for ${directories.join(', ')}`);
  output.note(`Control socket ${socket}`);
  become(init, [init, '--watchdog', String(watchdogMs), ...passed, '--', ...broker], env);
  return 0;
}

/** Absolute, because the broker's working directory may be another. Abstract addresses stay as they are. */
function resolvedSocket(socket: string): string {
  return socket.startsWith('@') ? socket : resolve(socket);
}

function fail(output: Output, code: string, message: string, advice: string): never {
  output.failure(code, message, advice);
  throw new Failed();
}

/** Says early what the broker would find: a path that is too long or somebody's file, or a manager that listens there. */
function checkSocket(output: Output, socket: string): void {
  const native = loadNative();
  for (const transport of transportNames()) {
    const path = transportSocket(socket, transport);
    const bytes = Buffer.byteLength(path);
    if (bytes > limits.socketPathBytesMax) {
      const advice = 'choose a shorter one with --socket PATH';
      const message = `the control socket's path ${path} has ${bytes} bytes, and the kernel allows ${limits.socketPathBytesMax}`;
      fail(output, 'address-too-long', message, advice);
    }
    if (!path.startsWith('@') && isOtherFile(path)) {
      const advice = 'choose another path with --socket PATH';
      fail(output, 'address-in-use', `there is something at ${path} that is not a socket`, advice);
    }
    try {
      native.close(native.connect(path));
    } catch (error) {
      // Nobody listens (or only the broker can say why not).
      if (isSystemError(error) && error.code !== 'EAGAIN') continue;
    }
    const advice = `end it with 'capstan --socket ${socket} shutdown', or choose another path with --socket PATH`;
    fail(output, 'address-in-use', `a manager runs already with the control socket ${socket}`, advice);
  }
  const directory = dirname(socket);
  if (
    !socket.startsWith('@') &&
    existsSync(directory) === false &&
    existsSync(dirname(directory)) === false
  ) {
    const advice = 'make it, or choose another path with --socket PATH';
    fail(output, 'not-found', `there is no directory for the control socket ${socket}`, advice);
  }
}

/** Something is at the path that no manager left behind. What cannot be looked at is the broker's to report. */
function isOtherFile(path: string): boolean {
  try {
    return !lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

function checkReady(descriptor: number | undefined): void {
  if (descriptor === undefined) return;
  try {
    fstatSync(descriptor);
  } catch {
    throw new UsageError(`--ready-fd ${descriptor}: that descriptor is not open`);
  }
  // Node opens its own close-on-exec; this one was inherited and has to be inherited again.
  if (descriptor > 2) loadNative().setCloseOnExec(descriptor, false);
}

/** Reads the descriptions of what will be started; nothing is started if one is wrong. */
function checkServices(
  context: CommandContext,
  directories: readonly string[],
  services: readonly string[],
  isDefault: boolean,
): void {
  const { output, env } = context;
  const { findings } = checkDescriptions(directories, services, env);
  const isMissing = findings.some(
    ({ kind, service, place }) => kind === 'not-found' && place === undefined && service === defaultService,
  );
  if (isDefault && isMissing) {
    fail(
      output,
      'not-found',
      `no service was named, and there is no service '${defaultService}' in ${directories.join(', ')}`,
      `name the services to start, describe '${defaultService}', or name a directory with -d DIR`,
    );
  }
  for (const finding of findings) {
    if (finding.severity === 'error' || !output.isQuiet) printFinding(output, finding);
  }
  // The first process of a system goes on with what it can start.
  if (process.pid === 1 || !findings.some(({ severity }) => severity === 'error')) return;
  const command = checkCommand(directories, isDefault ? [] : services, output.isJson);
  const advice = `correct them, and see: ${command}`;
  fail(output, 'bad-description', 'nothing was started, because descriptions are wrong', advice);
}

/** Replaces this process. Throws what the system says if it cannot. */
function become(program: string, argv: readonly string[], env: CommandContext['env']): void {
  const environment: string[] = [];
  for (const [name, value] of Object.entries(env))
    if (value !== undefined) environment.push(`${name}=${value}`);
  loadNative().execve(program, argv, environment);
}
