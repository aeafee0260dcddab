"""The child of `vet_conditions`."""

from regulars.kernel.program.conditions.vet import answer

if __name__ == "__main__":
    answer()
