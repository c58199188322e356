/** Environment files (services V7, V8): read when the service is loaded, applied when a process is started. */
import type { EnvironmentStep } from './description.js';

/** Reads the lines of an environment file. Bad lines are ignored, as the format says for services. */
export function parseEnvironmentFile(text: string): EnvironmentStep[] {
  const steps: EnvironmentStep[] = [];
  for (const line of text.split('\n')) {
    const content = line.trimStart();
    if (content === '' || content.startsWith('#')) continue;
    if (content.startsWith('!')) {
      const [command, ...names] = content.slice(1).trim().split(/\s+/);
      if (command === 'clear') steps.push({ step: 'clear' });
      else if (command === 'unset') steps.push({ step: 'unset', names });
      else if (command === 'import') steps.push({ step: 'import', names });
      continue;
    }
    const equals = content.indexOf('=');
    const name = content.slice(0, Math.max(equals, 0)).trimEnd();
    if (name !== '') steps.push({ step: 'set', name, value: content.slice(equals + 1) });
  }
  return steps;
}

/** The environment of a service's process: the manager's, changed by the steps in their order. */
export function applyEnvironment(
  parent: ReadonlyMap<string, string>,
  steps: readonly EnvironmentStep[],
): Map<string, string> {
  const environment = new Map(parent);
  for (const step of steps) {
    switch (step.step) {
      case 'set':
        environment.set(step.name, step.value);
        break;
      case 'clear':
        environment.clear();
        break;
      case 'unset':
        for (const name of step.names) environment.delete(name);
        break;
      case 'import':
        for (const name of step.names) {
          const value = parent.get(name);
          if (value !== undefined) environment.set(name, value);
        }
        break;
    }
  }
  return environment;
}
