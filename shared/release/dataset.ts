/** The dataset of the release, beside that of the warehouse: its readers see no other. */
export const RELEASE_DATASET = 'kpi_release';
