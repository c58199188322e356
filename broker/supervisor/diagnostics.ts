/**
 * What the broker says on its standard error while it works: a line for each service that started, stopped or failed, and a
 * line for each thing that went wrong elsewhere. Three forms: readable lines, the same as JSON (one object per line, keys
 * stable), or errors only.
 */

export type DiagnosticsForm = 'text' | 'json' | 'quiet';

export interface Diagnostics {
  started(service: string): void;
  stopped(service: string, reason?: string): void;
  failed(service: string, reason: string): void;
  /** Progress of the manager itself. */
  note(text: string): void;
  /** Something went wrong that somebody has to know; shown in every form. */
  error(text: string, service?: string): void;
}

/** Control characters would move the cursor of whoever reads this; file names and outputs of services end up here. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** `write` gets whole lines with their newline and must not throw. */
export function createDiagnostics(
  form: DiagnosticsForm,
  write: (line: string) => void,
  wallMs: () => number,
): Diagnostics {
  const json = (kind: string, service: string | undefined, text: string | undefined): void =>
    write(`${JSON.stringify({ time: new Date(wallMs()).toISOString(), kind, service, text })}\n`);
  if (form === 'json') {
    return {
      started: (service) => json('started', service, undefined),
      stopped: (service, reason) => json('stopped', service, reason),
      failed: (service, reason) => json('failed', service, reason),
      note: (text) => json('note', undefined, text),
      error: (text, service) => json('error', service, text),
    };
  }
  const isQuiet = form === 'quiet';
  const line = (text: string): void => write(`${printable(text)}\n`);
  const ordinary = isQuiet ? (): void => {} : line;
  return {
    started: (service) => ordinary(`[  OK  ] ${service}`),
    stopped: (service, reason) => ordinary(`[STOPPD] ${service}${reason === undefined ? '' : `: ${reason}`}`),
    failed: (service, reason) => line(`[FAILED] ${service}: ${reason}`),
    note: (text) => ordinary(`capstan: ${text}`),
    error: (text, service) => line(`capstan: ${service === undefined ? '' : `${service}: `}${text}`),
  };
}

/**
 * Joins the lines of one turn of the event loop into one write: a thousand services that start at once would otherwise wake the
 * reader a thousand times.
 */
export function joinLines(write: (text: string) => void): (line: string) => void {
  let waiting = '';
  return (line) => {
    if (waiting === '') {
      queueMicrotask(() => {
        const text = waiting;
        waiting = '';
        write(text);
      });
    }
    waiting += line;
  };
}
