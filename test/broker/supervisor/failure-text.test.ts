import test from 'ava';
import { signalName } from '../../../broker/supervisor/failure-text.js';
import { signalName as signalNameOfTheCommand } from '../../../clients/cli/words.js';

test('a signal has its usual name, the same in the notes of the manager and in the command', (t) => {
  for (const [number, name] of [
    [6, 'SIGABRT'],
    [15, 'SIGTERM'],
    [29, 'SIGIO'],
    [40, 'signal 40'],
  ] as const) {
    t.is(signalName(number), name);
    t.is(signalNameOfTheCommand(number), name);
  }
});
