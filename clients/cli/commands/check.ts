/** `check`: what is wrong with service descriptions, found without a manager. */
import { checkDescriptions, type Finding } from '../../../broker/index.js';
import { exitStatus } from '../failure.js';
import type { Output } from '../output.js';
import { type DirectoryFlags, serviceDirectories } from '../service-directories.js';
import type { CommandContext } from '../session.js';

export async function check(
  context: CommandContext,
  names: readonly string[],
  flags: DirectoryFlags,
): Promise<number> {
  const { output, env } = context;
  const directories = serviceDirectories(output, flags, env);
  const { checked, findings } = checkDescriptions(directories, names, env);
  for (const finding of findings) printFinding(output, finding);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (!output.isJson) output.note(summary(checked, errors, findings.length - errors, directories));
  return errors === 0 ? exitStatus.done : exitStatus.failed;
}

/** One finding: `file:line:column: text` on standard error, or an object on standard output. */
export function printFinding(output: Output, finding: Finding): void {
  const { severity, kind, service, place, message } = finding;
  if (output.isJson) {
    const { path = null, line = null, column = null } = place ?? {};
    output.object({ severity, kind, service, file: path, line, column, message });
    return;
  }
  const where = place === undefined ? service : `${place.path}:${place.line}:${place.column}`;
  const word = severity === 'error' ? output.paint('red', 'error') : output.paint('yellow', 'warning');
  output.error(`${where}: ${word}: ${message}`);
}

function summary(checked: number, errors: number, warnings: number, directories: readonly string[]): string {
  if (checked === 0) return `No service descriptions in ${directories.join(', ')}.`;
  const what = `${checked} service${checked === 1 ? '' : 's'} checked`;
  if (errors + warnings === 0) return `${what}: no problems found.`;
  const number = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
  return `${what}: ${number(errors, 'error')}, ${number(warnings, 'warning')}.`;
}
