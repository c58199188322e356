/**
 * How a command fails: the exit status, and what to do next.
 *
 * 0 done · 1 refused or failed · 2 wrong usage · 3 the manager cannot be reached
 */
import { BrokerError, ErrorCode, errorName } from '../../broker/contract/index.js';
import { ControlError } from '../library/control-error.js';
import type { Json, Output } from './output.js';

export const exitStatus = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** The manager could not be reached, or the connection broke: `cause` says why. */
export class ManagerUnreachable extends Error {
  readonly socket: string;

  constructor(socket: string, cause: BrokerError) {
    super(cause.message, { cause });
    this.socket = socket;
  }
}

/** The command line is wrong; `command` is the one that was meant, where that is known. */
export class UsageError extends Error {
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** Something was refused or failed, and was reported already. */
export class Failed extends Error {}

/** What the error was about, as far as that is known. */
export interface FailureContext {
  readonly service?: string;
  /** The transport to the manager. */
  readonly transport?: string;
  /** Where the manager looks for descriptions. */
  readonly directories?: readonly string[];
}

/** The command that says what is wrong with these descriptions, as a shell takes it. */
export function checkCommand(
  directories: readonly string[],
  services: readonly string[],
  isJson = false,
): string {
  const words = [...directories.flatMap((directory) => ['-d', directory]), ...services];
  return ['capstan', 'check', ...(isJson ? ['--json'] : []), ...words.map(shellWord)].join(' ');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What to do next about an error; empty where nothing useful can be said. */
export function adviceFor(code: number, context: FailureContext): string {
  const { service, transport, directories = [] } = context;
  const name = service ?? 'SERVICE';
  switch (code) {
    case ErrorCode.NotFound:
      return "see 'capstan list' for the services that are loaded, and the service directories for descriptions";
    case ErrorCode.BadDescription:
    case ErrorCode.DependencyCycle:
      return `correct the description and see: ${checkCommand(directories, [name])}`;
    case ErrorCode.HasDependents:
      return 'stop them first, or stop them together with --force';
    case ErrorCode.Pinned:
      return `see 'capstan status ${name}', and undo it with 'capstan unpin ${name}'`;
    case ErrorCode.StartFailed:
    case ErrorCode.WrongState:
      return `see 'capstan status ${name}'`;
    case ErrorCode.PermissionDenied:
      // It tells the manager nothing about who asks, not even that it is root (sockets D4).
      return transport === 'datagram'
        ? "over 'datagram' the manager knows whom it talks to only if its socket is in a private directory of its user: use another transport, or run the manager with one ('mkdir -m 700 DIR', then --socket DIR/control)"
        : 'only root and the user whom the manager runs as may do this';
    case ErrorCode.Deadline:
      return `it goes on: see 'capstan status ${name}', or give it more time with --timeout SECONDS`;
    case ErrorCode.ShuttingDown:
      return "wait for its end, then start it again with 'capstan run'";
    case ErrorCode.OverQuota:
      return "try again later; if it stays so, a program that does not read, or keeps too much, is in the way: see 'capstan peers' and 'capstan handles --accounts'";
    case ErrorCode.AddressInUse:
      return 'another manager runs there: end it, or choose another path with --socket PATH';
    case ErrorCode.AddressTooLong:
      return 'choose a shorter path with --socket PATH';
    default:
      return '';
  }
}

/** Reports an error on standard error and returns the exit status. */
export function report(output: Output, error: unknown, about: FailureContext = {}): number {
  if (error instanceof Failed) return exitStatus.failed;
  if (error instanceof UsageError) {
    const { command } = error;
    output.failure(
      'usage',
      error.message,
      `see 'capstan ${command === undefined ? '' : `${command} `}--help'`,
    );
    return exitStatus.usage;
  }
  if (error instanceof ManagerUnreachable) {
    reportUnreachable(output, error);
    return exitStatus.unreachable;
  }
  if (error instanceof BrokerError) {
    const { service } = about;
    const details: Record<string, Json> = {};
    const isNamed = service === undefined || error.message.startsWith(`${service}: `);
    let text = isNamed ? error.message : `${service}: ${error.message}`;
    if (service !== undefined) details['service'] = service;
    if (error.quota !== undefined) details['quota'] = { ...error.quota };
    if (error instanceof ControlError) {
      if (error.where !== '') details['where'] = error.where;
      if (error.names.length > 0) details['names'] = error.names;
      if (error.names.length > 0 && error.code === ErrorCode.HasDependents)
        text += `: ${error.names.join(', ')}`;
    }
    output.failure(errorName(error.code), text, adviceFor(error.code, about), details);
    return exitStatus.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  output.failure('internal', text, '');
  return exitStatus.failed;
}

function reportUnreachable(output: Output, { socket, message, cause }: ManagerUnreachable): void {
  const code = cause instanceof BrokerError ? cause.code : ErrorCode.Unreachable;
  const another = 'name another with --socket PATH or CAPSTAN_SOCKET';
  let text = message.includes(socket) ? `: ${message}` : ` at ${socket}: ${message}`;
  let advice = `is one running? start it with 'capstan run --socket ${socket}', or ${another}`;
  if (code === ErrorCode.AddressTooLong)
    advice = 'choose a shorter path with --socket PATH or CAPSTAN_SOCKET';
  else if (code === ErrorCode.PermissionDenied)
    advice = `ask root, or the user whom it runs as, or ${another}`;
  else if (code === ErrorCode.Disconnected) {
    text = ` at ${socket} any more: ${message}`;
    advice = `try again, because one that has crashed comes back at once; else it has ended: ${advice.replace('is one running? ', '')}`;
  }
  output.failure(errorName(code), `cannot reach the manager${text}`, advice);
}
