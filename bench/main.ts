/** The benchmark as a program; `capstan bench …` starts it with the same arguments. */
import { runBench } from './run-command.js';

process.exitCode = await runBench(process.argv.slice(2));
