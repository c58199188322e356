/** The directory that the example services share; scripts/where.sh says the same for shell scripts. */
import { join } from 'node:path';

const { CAPSTAN_EXAMPLE_DIR: named, XDG_RUNTIME_DIR: runtime } = process.env;

export const directory = named || join(runtime || '/tmp', `capstan-example-${process.geteuid()}`);
export const portFile = join(directory, 'web-port');
