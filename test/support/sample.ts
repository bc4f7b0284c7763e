/** Whether tests try every input of a kind. `.ci/run --all` sets it; otherwise the first ones stand for the others. */
const triesAll = Boolean(process.env.KPI_TEST_ALL);

/** The first `few` items, or all of them where every input is tried. Put first what differs most from what others test. */
export function sample<Item>(items: readonly Item[], few: number): readonly Item[] {
  return triesAll ? items : items.slice(0, few);
}
