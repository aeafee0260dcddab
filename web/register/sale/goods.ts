/** Some goods to practise with. Their categories are those of the programme's own catalogue where it has them. */
export interface Good {
  /** The key of its name. */
  readonly key: string;
  readonly sku: string;
  readonly amount_minor: number;
  readonly categories: readonly string[];
  readonly brand?: string;
}

export const GOODS: readonly Good[] = [
  { key: "register.good.bananas", sku: "bananas", amount_minor: 149, categories: ["PRODUCE", "TROPICAL FRUIT"] },
  { key: "register.good.tomatoes", sku: "tomatoes", amount_minor: 399, categories: ["PRODUCE", "TOMATOES"] },
  { key: "register.good.milk", sku: "milk", amount_minor: 289, categories: ["GROCERY", "FLUID MILK PRODUCTS"], brand: "Private" },
  { key: "register.good.bread", sku: "bread", amount_minor: 349, categories: ["GROCERY", "BAKED BREAD/BUNS/ROLLS"], brand: "Private" },
  { key: "register.good.chicken", sku: "chicken", amount_minor: 1299, categories: ["MEAT", "CHICKEN"], brand: "National" },
  { key: "register.good.salmon", sku: "salmon", amount_minor: 1899, categories: ["SEAFOOD", "SEAFOOD-FRESH"], brand: "National" },
  { key: "register.good.coffee", sku: "coffee", amount_minor: 899, categories: ["GROCERY", "COFFEE"], brand: "National" },
  { key: "register.good.wine", sku: "wine", amount_minor: 1590, categories: ["SPIRITS", "DOMESTIC WINE"], brand: "National" },
  { key: "register.good.fuel", sku: "fuel", amount_minor: 4000, categories: ["FUEL"] },
  { key: "register.good.detergent", sku: "detergent", amount_minor: 1149, categories: ["GROCERY", "LAUNDRY DETERGENTS"], brand: "National" },
  { key: "register.good.apples", sku: "apples", amount_minor: 459, categories: ["PRODUCE", "APPLES"] },
  { key: "register.good.berries", sku: "berries", amount_minor: 499, categories: ["PRODUCE", "BERRIES"] },
  { key: "register.good.carrots", sku: "carrots", amount_minor: 199, categories: ["PRODUCE", "CARROTS"] },
  { key: "register.good.eggs", sku: "eggs", amount_minor: 379, categories: ["GROCERY", "EGGS"], brand: "Private" },
  { key: "register.good.cheese", sku: "cheese", amount_minor: 649, categories: ["GROCERY", "CHEESE"], brand: "National" },
  { key: "register.good.butter", sku: "butter", amount_minor: 459, categories: ["GROCERY", "BUTTER"], brand: "Private" },
  { key: "register.good.cereal", sku: "cereal", amount_minor: 429, categories: ["GROCERY", "COLD CEREAL"], brand: "National" },
  { key: "register.good.noodles", sku: "noodles", amount_minor: 249, categories: ["GROCERY", "DRY NOODLES/PASTA"], brand: "Private" },
  { key: "register.good.beef", sku: "beef", amount_minor: 1699, categories: ["MEAT", "BEEF"], brand: "National" },
  { key: "register.good.bacon", sku: "bacon", amount_minor: 799, categories: ["MEAT-PCKGD", "BACON"], brand: "National" },
  { key: "register.good.pizza", sku: "pizza", amount_minor: 699, categories: ["FROZEN GROCERY", "FROZEN PIZZA"], brand: "National" },
  { key: "register.good.ham", sku: "ham", amount_minor: 899, categories: ["DELI", "DELI MEATS"], brand: "National" },
  { key: "register.good.cookies", sku: "cookies", amount_minor: 349, categories: ["GROCERY", "COOKIES"], brand: "National" },
  { key: "register.good.beer", sku: "beer", amount_minor: 1299, categories: ["GROCERY", "BEERS/ALES"], brand: "National" },
  { key: "register.good.diapers", sku: "diapers", amount_minor: 2499, categories: ["DRUG GM", "DIAPERS & DISPOSABLES"], brand: "National" },
  { key: "register.good.tissues", sku: "tissues", amount_minor: 599, categories: ["GROCERY", "BATH TISSUES"], brand: "Private" },
  { key: "register.good.catfood", sku: "catfood", amount_minor: 899, categories: ["GROCERY", "CAT FOOD"], brand: "National" },
  { key: "register.good.flowers", sku: "flowers", amount_minor: 1499, categories: ["FLORAL", "FLORAL-FRESH CUT"] },
];
/** How many stand at a touch before anybody searches. */
export const AT_HAND = 10;

/** A line of the basket, as it stands on the screen. */
export interface Line {
  readonly sku: string;
  readonly name: string;
  readonly each_minor: number;
  readonly count: number;
  readonly categories: readonly string[];
  readonly brand?: string;
}

export const grossOf = (lines: readonly Line[]): number => lines.reduce((sum, each) => sum + each.each_minor * each.count, 0);

/** The lines as quotes and orders take them. */
export const toBody = (lines: readonly Line[]) =>
  lines.map((each) => ({
    sku: each.sku,
    amount_minor: each.each_minor * each.count,
    quantity_milli: each.count * 1000,
    categories: [...each.categories],
    ...(each.brand === undefined ? {} : { brand: each.brand }),
  }));
