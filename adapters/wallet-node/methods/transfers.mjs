export const transfers = { forget() {}, methods: {} };
