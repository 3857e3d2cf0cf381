//! Names and products that the generator draws from.

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada", "Anouk", "Bastian", "Carla", "Daan", "Edith", "Emre", "Femke", "Fiona", "Gerrit", "Hanna", "Ivo",
    "Jonas", "Katrin", "Lena", "Liam", "Lotte", "Marek", "Mila", "Nadia", "Noor", "Oskar", "Paula", "Priya",
    "Quentin", "Rosa", "Samir", "Sanne", "Tilda", "Viktor", "Wanda", "Yara",
];

pub(super) const LAST_NAMES: &[&str] = &[
    "Albers",
    "Baker",
    "Brandt",
    "Bosman",
    "Coleman",
    "Dekker",
    "Ellis",
    "Fischer",
    "Gruber",
    "Hughes",
    "Huber",
    "Jansen",
    "Keller",
    "Kowalski",
    "Lang",
    "Meijer",
    "Moser",
    "Nowak",
    "Osborne",
    "Peters",
    "Quinn",
    "Richter",
    "Schneider",
    "Smit",
    "Tanner",
    "Visser",
    "Wagner",
    "Winter",
    "Yilmaz",
    "Zimmermann",
];

pub(super) const PRODUCTS: &[&str] = &[
    "Team plan, monthly",
    "Team plan, yearly",
    "Enterprise plan, yearly",
    "Additional seats",
    "Premium support",
    "Data export add-on",
    "Onboarding workshop",
];
