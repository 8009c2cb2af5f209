import type { Bus } from '#contract/bus.ts';
import { catalog } from '../../../runtime/host/catalog.ts';
import { folderBus } from './folder-bus.ts';

// The one line that a new bus needs outside of its folder, for a process that is started with `--import` of this file.
(catalog.buses as Map<string, Bus>).set(folderBus.name, folderBus);
