"""ImageNet and the subset of 100 classes that the paper trains on."""

from prefclip.datasets.catalog_resources import catalog_entry
from prefclip.datasets.downloaded_entries import Archive, Mirror

IMAGENET_TERMS = "ImageNet terms of access (login; non-commercial research)"

IMAGENET100 = catalog_entry(
    "imagenet100",
    title="ImageNet-100",
    role="train",
    # 1,300 of each class is what its page is said to promise; some classes of ImageNet have fewer.
    splits={"train": 130_000, "test": 5_000},
    count_tolerance={"train": 0.03},
    source="https://www.kaggle.com/datasets/ambityga/imagenet100",
    mirrors=(Mirror("hub:clane9/imagenet-100", accepted=False, note="the list of CMC: only 8 of the 100 classes"),),
    licence=IMAGENET_TERMS,
    citation="Deng et al., CVPR 2009; the subset is Kaggle's ambityga/imagenet100",
    folder="imagenet100",
    layouts=(("train.X1", "train.X2", "train.X3", "train.X4", "val.X", "Labels.json"),),
    place_by_hand=(
        "1. Download https://www.kaggle.com/datasets/ambityga/imagenet100 (login; 13–17 GB, unverified).\n"
        "2. Unpack it so that {folder} holds train.X1, train.X2, train.X3, train.X4, val.X and Labels.json.\n"
        "   Leave the folders as they are; other sets called ImageNet-100 have other classes and are refused."
    ),
    notes=(
        "All 100 classes are animals; the name is the first synonym of Labels.json (cock, drake), not OpenAI's.",
        "Labels follow the sorted synsets; Defense-Prefix used the order of the directory.",
    ),
)

IMAGENET = catalog_entry(
    "imagenet",
    title="ImageNet-1k",
    splits={"test": 50_000},
    repeated_names=("missile", "sunglasses"),
    released_cap=5_120,
    source="https://image-net.org/challenges/LSVRC/2012/2012-downloads.php",
    licence=IMAGENET_TERMS,
    citation="Russakovsky et al., IJCV 2015",
    folder="imagenet",
    layouts=(("val",),),
    archives=(
        Archive("", "ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622"),
        Archive("", "ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
    ),
    place_by_hand=(
        "1. Download ILSVRC2012_img_val.tar (md5 29b22e2961454d5413ddabcf34fc5622) and ILSVRC2012_devkit_t12.tar.gz\n"
        "   (md5 fa75699e90414af021442c21a62c3abf) from https://image-net.org (login) into {folder}.\n"
        "2. Sort the images by synset:\n"
        "   python -c \"import torchvision; torchvision.datasets.ImageNet('{folder}', split='val')\"\n"
        "   which makes {folder}/val/n01440764/…"
    ),
    notes=(
        "OpenAI's list gives two classes the name missile and two the name sunglasses.",
        "The validation images are the test split: labels of the real test images are not public.",
    ),
)

IMAGENET_SETS = (IMAGENET100, IMAGENET)
