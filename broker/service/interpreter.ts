/**
 * From statements to a description: what each setting means (services D7–D9, D11–D17). Later plain settings override earlier ones;
 * dependencies and options add up; variables are replaced when all statements are known, because the environment file
 * decides what they are.
 */
import type {
  DependencyDeclaration,
  EnvironmentStep,
  LogDescription,
  Place,
  ReadinessDescription,
  RunAs,
  ServiceDescription,
  WatchdogDescription,
} from './description.js';
import { applyEnvironment, parseEnvironmentFile } from './environment.js';
import { closestName, serviceNameFault } from './names.js';
import { placeInWord, type Report, type Statement } from './parser.js';
import { joinPath } from './paths.js';
import {
  appendableSettings,
  isSupportedSetting,
  optionMeanings,
  type SettingName,
  serviceTypes,
  substitutionOf,
  unsupportedSettings,
  unsupportedTypes,
} from './settings.js';
import { SIGABRT, signalNumbers, watchdogSignalNumbers } from './signals.js';
import type { LoaderParts } from './source.js';
import type { DependencyKind, ServiceType } from './states.js';
import { substitute, type Variables } from './substitution.js';
import { parsePermissions, parseReadiness, parseSecondsMs, parseWhole, parseYesNo } from './values.js';

const logBufferBytesMax = 2 ** 31 - 1;

const dependencySettings: ReadonlyMap<string, DependencyKind> = new Map([
  ['depends-on', 'regular'],
  ['depends-ms', 'milestone'],
  ['waits-for', 'waits-for'],
]);

export interface InterpreterInput {
  readonly name: string;
  readonly argument: string | undefined;
  readonly path: string;
  readonly directory: string;
  readonly statements: readonly Statement[];
}

/** Makes the description; what `report` was told decides whether it may be used. */
export function interpret(input: InterpreterInput, parts: LoaderParts, report: Report): ServiceDescription {
  return new Interpreter(input, parts, report).description();
}

class Interpreter {
  readonly #input: InterpreterInput;
  readonly #parts: LoaderParts;
  readonly #report: Report;
  /** The last statement of each plain setting, and every one of the others. */
  readonly #last = new Map<SettingName, Statement>();
  readonly #all = new Map<SettingName, Statement[]>();
  /** Settings whose value was reported already. */
  readonly #faulty = new Set<SettingName>();
  readonly #before: Variables;
  readonly #environment: readonly EnvironmentStep[];
  readonly #atLoad: Variables;

  constructor(input: InterpreterInput, parts: LoaderParts, report: Report) {
    this.#input = input;
    this.#parts = parts;
    this.#report = report;
    for (const statement of input.statements) this.#sort(statement);
    this.#before = { environment: parts.environment(), argument: input.argument };
    this.#environment = this.#readEnvironmentFile();
    // Most services change nothing, and need no copy.
    const environment =
      this.#environment.length === 0
        ? this.#before.environment
        : applyEnvironment(this.#before.environment, this.#environment);
    this.#atLoad = { environment, argument: input.argument };
  }

  description(): ServiceDescription {
    const type = this.#type();
    const workingDirectory = joinPath(this.#input.directory, this.#text('working-dir') ?? '.');
    const options = this.#options();
    const command = this.#command(type);
    const stopCommand = type === 'internal' ? [] : this.#words('stop-command');
    this.#checkProgram('command', command[0], workingDirectory);
    this.#checkProgram('stop-command', stopCommand[0], workingDirectory);
    return {
      name: this.#input.name,
      path: this.#input.path,
      type,
      command,
      stopCommand,
      dependencies: this.#dependencies(),
      restart: this.#restart(),
      recoversSmoothly: this.#value('smooth-recovery', parseYesNo, 'yes or no') ?? false,
      restartDelayMs: this.#seconds('restart-delay') ?? 200,
      restartLimitIntervalMs: this.#seconds('restart-limit-interval') ?? 10_000,
      restartLimitCount: this.#value('restart-limit-count', parseWhole, 'a whole number') ?? 3,
      startTimeoutMs: this.#seconds('start-timeout') ?? 60_000,
      stopTimeoutMs: this.#seconds('stop-timeout') ?? 10_000,
      workingDirectory: workingDirectory.replace(/\/\.$/, '') || '/',
      runAs: this.#runAs(),
      environment: this.#environment,
      log: this.#log(workingDirectory.replace(/\/\.$/, '') || '/'),
      termSignal: this.#termSignal(),
      isStartInterruptible: options.has('start-interruptible'),
      signalsProcessOnly: options.has('signal-process-only'),
      isSkippable: options.has('skippable'),
      ...this.#readiness(type),
    };
  }

  /** How it says that it is ready and alive; nothing for those that say nothing (services W1, W6, W11). */
  #readiness(type: ServiceType): { readiness?: ReadinessDescription; watchdog?: WatchdogDescription } {
    const readiness = this.#value(
      'ready-notification',
      parseReadiness,
      'socket, pipefd:NUMBER or pipevar:NAME',
    );
    const timeoutMs = this.#seconds('watchdog-timeout');
    const names = [...watchdogSignalNumbers.keys()].join(', ');
    const signal = this.#value(
      'watchdog-signal',
      (text) => watchdogSignalNumbers.get(text),
      `one of ${names}`,
    );
    const isTypeKnown = serviceTypes.has(this.#text('type') ?? 'internal');
    if (readiness !== undefined && type !== 'process' && isTypeKnown) {
      const place = this.#valuePlace('ready-notification');
      this.#report('value', place, "'ready-notification' is for services of type process");
    }
    const isSocket = readiness?.kind === 'socket';
    const isUnknown = readiness === undefined && this.#last.has('ready-notification');
    for (const setting of ['watchdog-timeout', 'watchdog-signal'] as const) {
      if (isSocket || isUnknown || !this.#last.has(setting)) continue;
      const place = this.#valuePlace(setting);
      this.#report('incomplete', place, `'${setting}' needs 'ready-notification = socket'`);
    }
    const hasWatchdog = isSocket && (timeoutMs !== undefined || signal !== undefined);
    return {
      ...(readiness === undefined ? {} : { readiness }),
      ...(hasWatchdog ? { watchdog: { timeoutMs: timeoutMs ?? 0, signal: signal ?? SIGABRT } } : {}),
    };
  }

  #sort(statement: Statement): void {
    const { setting, place, operator } = statement;
    if (unsupportedSettings.has(setting)) {
      this.#report('unsupported', place, `setting '${setting}' is not supported yet`);
      return;
    }
    if (!isSupportedSetting(setting)) {
      const hint = closestName(setting, [...Object.keys(substitutionOf), ...unsupportedSettings]);
      const suggestion = hint === undefined ? '' : `; did you mean '${hint}'?`;
      this.#report('setting', place, `unknown setting '${setting}'${suggestion}`);
      return;
    }
    if (operator === '+=' && !appendableSettings.has(setting)) {
      this.#report('setting', place, `cannot use '+=' with setting '${setting}'`);
      return;
    }
    if (statement.isFaulty) {
      this.#faulty.add(setting);
      return;
    }
    if (setting === 'termsignal') {
      this.#report('setting', place, "'termsignal' is deprecated: use 'term-signal'", 'warning');
      this.#last.set('term-signal', statement);
      return;
    }
    const statements = this.#all.get(setting);
    if (statements === undefined) this.#all.set(setting, [statement]);
    // A plain assignment to a command starts it afresh.
    else if (appendableSettings.has(setting) && operator !== '+=') this.#all.set(setting, [statement]);
    else statements.push(statement);
    this.#last.set(setting, statement);
  }

  /** The statement's words after substitution, each with its place; faults are reported and left out. */
  #substituted(statement: Statement, setting: SettingName): { text: string; place: Place }[] {
    const round = substitutionOf[setting];
    const found: { text: string; place: Place }[] = [];
    for (const word of statement.words) {
      const place = word.line.place(word.offset);
      if (round === 'never') {
        found.push({ text: word.text, place });
        continue;
      }
      const texts = substitute(word.text, round === 'before' ? this.#before : this.#atLoad);
      if (Array.isArray(texts)) for (const text of texts) found.push({ text, place });
      else {
        this.#faulty.add(setting);
        this.#report('substitution', placeInWord(word, texts.index), texts.message);
      }
    }
    return found;
  }

  #words(setting: SettingName): string[] {
    const statements = this.#all.get(setting) ?? [];
    return statements.flatMap((statement) => this.#substituted(statement, setting).map((word) => word.text));
  }

  /** A value that is not a list; `undefined` if it is not set. */
  #text(setting: SettingName): string | undefined {
    const statement = this.#last.get(setting);
    return statement === undefined ? undefined : joined(this.#substituted(statement, setting));
  }

  #value<T>(setting: SettingName, parse: (text: string) => T | undefined, form: string): T | undefined {
    const text = this.#text(setting);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.#report('value', this.#valuePlace(setting), `'${setting}' must be ${form}`);
    return value;
  }

  #seconds(setting: SettingName): number | undefined {
    return this.#value(setting, parseSecondsMs, 'a number of seconds, such as 2.5');
  }

  /** Of the value, or of the setting if the value is empty. */
  #valuePlace(setting: SettingName): Place {
    const statement = this.#last.get(setting);
    const word = statement?.words[0];
    if (word !== undefined) return word.line.place(word.offset);
    return statement?.place ?? { path: this.#input.path, line: 1, column: 1 };
  }

  #type(): ServiceType {
    const text = this.#text('type');
    if (text === undefined) return 'internal';
    if (serviceTypes.has(text)) return text as ServiceType;
    const place = this.#valuePlace('type');
    if (unsupportedTypes.has(text)) this.#report('unsupported', place, `type '${text}' is not supported yet`);
    else this.#report('value', place, `'type' must be process, scripted or internal`);
    return 'internal';
  }

  #command(type: ServiceType): string[] {
    const words = this.#words('command');
    if (type === 'internal') return [];
    if ((words.length === 0 || words[0] === '') && !this.#faulty.has('command')) {
      const place = this.#last.has('command') ? this.#valuePlace('command') : this.#valuePlace('type');
      this.#report('incomplete', place, `a service of type ${type} needs a 'command'`);
    }
    return words;
  }

  /** A program that is not there is a warning, because something that starts before may bring it. */
  #checkProgram(setting: 'command' | 'stop-command', program: string | undefined, directory: string): void {
    if (program === undefined || program === '' || this.#faulty.has(setting)) return;
    const fault = this.#parts.programFault?.(program, directory, this.#atLoad.environment.get('PATH'));
    if (fault === undefined) return;
    const word = this.#all.get(setting)?.[0]?.words[0];
    const place = word === undefined ? this.#valuePlace(setting) : word.line.place(word.offset);
    this.#report('file', place, `'${setting}' cannot be executed: ${fault}`, 'warning');
  }

  #restart(): 'yes' | 'on-failure' | 'no' {
    const parse = (text: string): 'yes' | 'on-failure' | 'no' | undefined => {
      if (text === 'on-failure') return text;
      const isYes = parseYesNo(text);
      return isYes === undefined ? undefined : isYes ? 'yes' : 'no';
    };
    return this.#value('restart', parse, 'yes, no or on-failure') ?? 'yes';
  }

  #runAs(): RunAs | undefined {
    const text = this.#text('run-as');
    if (text === undefined) return undefined;
    const uid = parseWhole(text);
    if (uid !== undefined && uid < 2 ** 32 - 1) return { uid, gid: undefined, groups: undefined };
    const user = this.#parts.users.user(text);
    if (user === undefined) this.#report('value', this.#valuePlace('run-as'), `there is no user '${text}'`);
    return user;
  }

  #termSignal(): number {
    const names = [...signalNumbers.keys()].filter((name) => name !== 'none').join(', ');
    return this.#value('term-signal', (text) => signalNumbers.get(text), `one of ${names}`) ?? 15;
  }

  #log(workingDirectory: string): LogDescription {
    const path = this.#text('logfile');
    const type = this.#value(
      'log-type',
      (text) => (['none', 'file', 'buffer', 'pipe'].includes(text) ? text : undefined),
      'none, file or buffer',
    );
    if (type === 'pipe') {
      this.#report('unsupported', this.#valuePlace('log-type'), "log-type 'pipe' is not supported yet");
    }
    const hasFile = type === 'file' || ((type === undefined || type === 'none') && path !== undefined);
    if (hasFile && (path === undefined || path === '') && !this.#faulty.has('logfile')) {
      this.#report('incomplete', this.#valuePlace('log-type'), "log-type 'file' needs a 'logfile'");
    }
    const bytes = this.#value(
      'log-buffer-size',
      (text) => {
        const size = parseWhole(text);
        return size !== undefined && size <= logBufferBytesMax ? size : undefined;
      },
      `a number of bytes, at most ${logBufferBytesMax}`,
    );
    return {
      type: hasFile ? 'file' : type === 'buffer' ? 'buffer' : 'none',
      path: hasFile && path !== undefined ? joinPath(workingDirectory, path) : undefined,
      permissions: this.#value('logfile-permissions', parsePermissions, 'octal, such as 0640') ?? 0o600,
      bufferBytes: bytes ?? 4096,
    };
  }

  #options(): Set<string> {
    const options = new Set<string>();
    for (const statement of this.#all.get('options') ?? []) {
      for (const { text, place } of this.#substituted(statement, 'options')) {
        const meaning = optionMeanings.get(text);
        if (meaning === undefined) {
          const hint = closestName(text, optionMeanings.keys());
          const suggestion = hint === undefined ? '' : `; did you mean '${hint}'?`;
          this.#report('value', place, `unknown option '${text}'${suggestion}`);
        } else if (meaning === 'unsupported') {
          this.#report('unsupported', place, `option '${text}' is not supported yet`);
        } else {
          options.add(text);
        }
      }
    }
    return options;
  }

  #dependencies(): DependencyDeclaration[] {
    const declarations: DependencyDeclaration[] = [];
    for (const statement of this.#input.statements) {
      const { setting, operator } = statement;
      if (!isSupportedSetting(setting) || operator === '+=' || statement.isFaulty) continue;
      const kind = dependencySettings.get(setting.replace(/\.d$/, ''));
      if (kind === undefined) continue;
      const words = this.#substituted(statement, setting);
      const value = joined(words);
      const place = words[0]?.place ?? statement.place;
      if (value === '') {
        if (!this.#faulty.has(setting)) this.#report('value', place, `'${setting}' is empty`);
      } else if (setting.endsWith('.d'))
        this.#directory(kind, joinPath(statement.directory, value), place, declarations);
      else this.#dependency(kind, value, place, declarations);
    }
    return declarations;
  }

  #dependency(kind: DependencyKind, name: string, place: Place, into: DependencyDeclaration[]): void {
    const fault = serviceNameFault(name);
    if (fault !== undefined) this.#report('value', place, fault);
    else into.push({ kind, name, place, isFromDirectory: false });
  }

  #directory(kind: DependencyKind, path: string, place: Place, into: DependencyDeclaration[]): void {
    const listing = this.#parts.source.list(path);
    if (listing.kind !== 'found') {
      const why = listing.kind === 'missing' ? 'it does not exist' : listing.message;
      this.#report('file', place, `directory ${path} cannot be read: ${why}`, 'warning');
      return;
    }
    // Sorted, because a file system has no order that could be relied on.
    for (const name of [...listing.names].sort()) {
      if (name.startsWith('.') || name.startsWith('@')) continue;
      const fault = serviceNameFault(name);
      if (fault === undefined) into.push({ kind, name, place, isFromDirectory: true });
      else this.#report('file', place, `in directory ${path}: ${fault}`, 'warning');
    }
  }

  #readEnvironmentFile(): EnvironmentStep[] {
    const statement = this.#last.get('env-file');
    if (statement === undefined) return [];
    const path = joined(this.#substituted(statement, 'env-file'));
    const place = this.#valuePlace('env-file');
    if (path === '') {
      if (!this.#faulty.has('env-file')) this.#report('value', place, "'env-file' is empty");
      return [];
    }
    const file = this.#parts.source.read(joinPath(statement.directory, path));
    if (file.kind === 'found') return parseEnvironmentFile(file.text);
    const why = file.kind === 'missing' ? 'it does not exist' : file.message;
    this.#report('file', place, `environment file ${path} cannot be read: ${why}`);
    return [];
  }
}

function joined(words: readonly { text: string }[]): string {
  return words.map((word) => word.text).join(' ');
}
